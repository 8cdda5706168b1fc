"""FreeU (Si and others, CVPR 2024) while a block lasts: a stronger backbone, quieter skip connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engines.diffusion.checkpoint import Facts
from engines.diffusion.layers import UNet

_SD2_WIDTH = 1024


@contextmanager
def freeu(unet: UNet, facts: Facts) -> Iterator[None]:
    """With the strengths that its authors give for the family of the checkpoint."""
    if facts.sdxl:
        b1, b2 = 1.3, 1.4
    else:
        b1, b2 = (1.4, 1.6) if facts.width == _SD2_WIDTH else (1.5, 1.6)
    unet.enable_freeu(s1=0.9, s2=0.2, b1=b1, b2=b2)
    try:
        yield
    finally:
        unet.disable_freeu()
