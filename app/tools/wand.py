"""Magic wand and colour range: what looks like the pixel that was clicked on."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import TypeAlias

import cv2
import numpy as np

from app.document.state import NOWHERE
from app.tools.pointer import Desk, Kind, Look, Pointer, Tool, mode_of
from engines.core.types import Alpha, Box, Mask, Pixels

Rule: TypeAlias = Callable[[Pixels, tuple[int, int], int], Alpha]
"""From a picture, a spot and a tolerance to coverage."""


def wand(desk: Desk) -> Tool:
    """Connected pixels within the tolerance (or all of them, where *contiguous* is off)."""
    while True:
        pressed = yield from _clicked(desk.state.size)
        rule = flood if desk.settings.contiguous else alike
        _compute(desk, "Magic wand", rule, pressed)


def colour(desk: Desk) -> Tool:
    """Everything of that colour, softer the farther the colour is away."""
    while True:
        pressed = yield from _clicked(desk.state.size)
        _compute(desk, "Colour range", colour_range, pressed)


def flood(picture: Pixels, spot: tuple[int, int], tolerance: int) -> Alpha:
    """255 for the pixels connected to ``spot`` = (x, y) that differ from it by at most ``tolerance`` of 255."""
    near = alike(picture, spot, tolerance)
    canvas = np.zeros((near.shape[0] + 2, near.shape[1] + 2), np.uint8)
    cv2.floodFill(near, canvas, spot, (128,), 0, 0, 4)
    return np.asarray(near == 128).astype(np.uint8) * np.uint8(255)


def alike(picture: Pixels, spot: tuple[int, int], tolerance: int) -> Alpha:
    """255 for all pixels whose channels differ from those at ``spot`` by at most ``tolerance``; 8-bit picture."""
    centre = picture[spot[1], spot[0]].astype(int)
    low, high = np.clip(centre - tolerance, 0, 255), np.clip(centre + tolerance, 0, 255)
    return np.asarray(cv2.inRange(picture, low.astype(np.uint8), high.astype(np.uint8)), np.uint8)


def colour_range(picture: Pixels, spot: tuple[int, int], tolerance: int) -> Alpha:
    """Full within half of ``tolerance`` of the colour at ``spot``, fading to nothing at twice it (CIELAB distance)."""
    lab = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2LAB).astype(np.float32)
    distance = np.linalg.norm(lab - lab[spot[1], spot[0]], axis=2)
    tolerance = max(tolerance, 1)
    return np.asarray(np.rint(np.clip((2 * tolerance - distance) / (1.5 * tolerance), 0, 1) * 255), np.uint8)


def _look(rule: Rule, spot: tuple[int, int], tolerance: int, size: tuple[int, int], look: Look) -> Mask:
    return Mask.of(rule(look(Box(0, 0, size[1], size[0])), spot, tolerance))


def _compute(desk: Desk, label: str, rule: Rule, pressed: Pointer) -> None:
    spot = int(pressed.x), int(pressed.y)
    work = partial(_look, rule, spot, desk.settings.tolerance, desk.state.size)
    desk.compute(label, work, mode_of(pressed, desk.settings))


def _clicked(size: tuple[int, int]) -> Generator[Box, Pointer, Pointer]:
    """The press of the next click inside the picture that is not given up."""
    pressed: Pointer | None = None
    while True:
        pointer = yield NOWHERE
        if pointer.kind is Kind.PRESS:
            inside = 0 <= pointer.x < size[1] and 0 <= pointer.y < size[0]
            pressed = pointer if inside else None
        elif pointer.kind is Kind.ABORT:
            pressed = None
        elif pointer.kind is Kind.RELEASE and pressed is not None:
            return pressed
