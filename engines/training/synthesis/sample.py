"""What the synthesisers make."""

from __future__ import annotations

from dataclasses import dataclass

from engines.core.types import Alpha, FloatImage
from engines.training.synthesis.style import Choices


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One training pair of side ``s``.

    ``image``: ``(s, s, 3)`` float32 0..1 with all its text. ``truth``: the same without the text that is
    asked to go; text that the mask does not cover is in both. ``mask``: ``(s, s)`` uint8, 255 = asked to go.
    ``stroke``: ``(s, s)`` uint8, 255 where image and truth differ by the text itself (known from its alpha,
    after blur, before noise and JPEG). ``choices``: the style's values, -1 where without effect.
    """

    image: FloatImage
    truth: FloatImage
    mask: Alpha
    stroke: Alpha
    choices: Choices
