"""The eraser that needs no weights: finds the strokes inside the hole and fills them by classical inpainting."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from engines.core.context import Context
from engines.core.engine import ImageEraser, Options, Setup
from engines.core.types import Alpha, FloatImage, Pixels
from engines.pipeline.membrane import Flags, membrane
from engines.pipeline.strokes import Strokes, find_strokes

_FULL = 65535

Fill = Callable[[FloatImage, Flags, int], FloatImage]
"""Fills the flagged pixels of an image; the number is a radius in pixels, for those methods that have one."""


class Classical(ImageEraser):
    """Works in 16 bits or float throughout, so that a deep source gets no bands; only xphoto's fills are 8-bit."""

    def __init__(self, setup: Setup) -> None:
        """There is nothing to load."""

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        ctx.step(0.0, "finding strokes" if options["strokes"] else "filling")
        hole = alpha > 0
        found = find_strokes(image, hole) if options["strokes"] else Strokes(hole, np.zeros_like(hole))
        unknown = found.fill | found.foul
        if not unknown.any():
            return image.copy()
        ctx.step(0.5, "filling")
        return np.clip(_METHODS[str(options["method"])](image, unknown, int(options["radius"])), 0, 1)


def _membrane(image: FloatImage, unknown: Flags, radius: int) -> FloatImage:
    del radius
    return membrane(image, unknown)


def _inpaint(method: int) -> Fill:
    def fill(image: FloatImage, unknown: Flags, radius: int) -> FloatImage:
        # OpenCV takes 16 bits only one channel at a time
        deep, mask = np.rint(image * _FULL).astype(np.uint16), unknown.astype(np.uint8) * 255
        planes = [cv2.inpaint(np.ascontiguousarray(deep[..., c]), mask, radius, method) for c in range(3)]
        return np.asarray(np.dstack(planes) / np.float32(_FULL), np.float32)

    return fill


def _shift_map(image: FloatImage, unknown: Flags, radius: int) -> FloatImage:
    """He and Sun, *Statistics of Patch Offsets for Image Completion* (ECCV 2012), as xphoto has it: Lab, 0 = hole."""
    del radius
    if unknown.all() or min(unknown.shape) < 16:  # it has nothing to copy from, and would crash
        return membrane(image, unknown)
    lab = cv2.cvtColor(np.rint(image * 255).astype(np.uint8), cv2.COLOR_RGB2Lab)
    filled = np.zeros_like(lab)
    cv2.xphoto.inpaint(lab, (~unknown).astype(np.uint8) * 255, filled, cv2.xphoto.INPAINT_SHIFTMAP)
    return _only(image, unknown, np.asarray(cv2.cvtColor(filled, cv2.COLOR_Lab2RGB), np.uint8))


def _frequencies(image: FloatImage, unknown: Flags, radius: int) -> FloatImage:
    """Frequency selective reconstruction (Seiler and others, 2015), as xphoto has it: 0 = hole."""
    del radius
    if unknown.all():
        return membrane(image, unknown)
    shallow = np.ascontiguousarray(np.rint(image * 255).astype(np.uint8))
    filled = np.zeros_like(shallow)
    cv2.xphoto.inpaint(shallow, (~unknown).astype(np.uint8) * 255, filled, cv2.xphoto.INPAINT_FSR_FAST)
    return _only(image, unknown, filled)


def _only(image: FloatImage, unknown: Flags, filled: Pixels) -> FloatImage:
    """``image`` with the flagged pixels of an 8-bit picture: the others keep their depth."""
    return np.where(unknown[..., None], filled.astype(np.float32) / 255, image)


_METHODS: Mapping[str, Fill] = {
    "membrane": _membrane,
    "telea": _inpaint(cv2.INPAINT_TELEA),
    "navier-stokes": _inpaint(cv2.INPAINT_NS),
    "shift-map": _shift_map,
    "fsr": _frequencies,
}
