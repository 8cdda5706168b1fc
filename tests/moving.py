"""Short films whose truth is known: a drawn picture under a moving camera, with something in front of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engines.core.types import Alpha, Box, Mask, Pixels

Truth = list[Pixels]


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """What the camera saw, what is behind, and where it is to be erased."""

    frames: list[Pixels]
    truth: list[Pixels]
    masks: list[Alpha]

    def mask(self, number: int) -> Mask:
        return Mask.of(self.masks[number]) if 0 <= number < len(self.masks) else Mask.union(())


def scenery(height: int, width: int, seed: int = 4) -> Pixels:
    """A picture with detail at many sizes: soft noise of several octaves, and some shapes."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 120.0, np.float32)
    for octave in range(2, 7):
        size = (max(width >> octave, 2), max(height >> octave, 2))
        noise = rng.normal(0, 6 + 3 * octave, (size[1], size[0], 3)).astype(np.float32)
        picture += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(width * height // 8000):
        centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        cv2.circle(picture, centre, int(rng.integers(4, 18)), rng.uniform(20, 235, 3).tolist(), -1, cv2.LINE_AA)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 0.9), 0, 255).astype(np.uint8)


def panned(picture: Pixels, count: int, size: tuple[int, int], step: tuple[float, float], zoom: float = 0.0) -> Truth:
    """``count`` views of ``size`` = (height, width) that move by ``step`` = (x, y) pixels and grow by ``zoom``."""
    views = []
    for number in range(count):
        scale = 1 - zoom * number
        x, y = (8 + step[axis] * number + (1 - scale) * size[1 - axis] / 2 for axis in (0, 1))
        motion = np.array([[scale, 0, x], [0, scale, y]], np.float64)
        how = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
        view = cv2.warpAffine(picture.astype(np.float32), motion, size[::-1], flags=how, borderMode=cv2.BORDER_REFLECT)
        views.append(np.clip(np.rint(view), 0, 255).astype(np.uint8))
    return views


def covered(truth: Truth, box: Box, step: tuple[float, float] = (0, 0), seed: int = 1) -> Clip:
    """``truth`` with a speckled oval in front of it, which fills ``box`` at first and moves by ``step``."""
    rng = np.random.default_rng(seed)
    cloth = cv2.GaussianBlur(rng.random((box.h, box.w, 3)).astype(np.float32), (0, 0), 1.5)
    cloth = (cloth - cloth.min()) / np.ptp(cloth) * 255
    oval = np.zeros((box.h, box.w), np.uint8)
    cv2.ellipse(oval, (box.w // 2, box.h // 2), (box.w // 2 - 1, box.h // 2 - 1), 0, 0, 360, (255,), -1)
    frames, masks = [], []
    for number, view in enumerate(truth):
        place = box.moved(round(step[0] * number), round(step[1] * number))
        seen = place.within((view.shape[0], view.shape[1]))
        inner = seen.moved(-place.x, -place.y).slices
        mask = np.zeros(view.shape[:2], np.uint8)
        mask[seen.slices] = oval[inner]
        frame = view.copy()
        frame[seen.slices][oval[inner] > 0] = cloth[inner][oval[inner] > 0].astype(np.uint8)
        frames.append(frame)
        masks.append(mask)
    return Clip(frames, truth, masks)


def psnr_inside(results: list[Pixels], clip: Clip) -> float:
    """dB over all pixels of all holes."""
    squares = [
        np.square(result.astype(np.float64) - truth)[mask > 0]
        for result, truth, mask in zip(results, clip.truth, clip.masks, strict=True)
    ]
    return float(10 * np.log10(255**2 / max(np.concatenate(squares).mean(), 1e-9)))


def telea(clip: Clip) -> list[Pixels]:
    """Every frame by itself: what a video engine has to beat."""
    return [
        np.asarray(cv2.inpaint(frame, mask, 3, cv2.INPAINT_TELEA))
        for frame, mask in zip(clip.frames, clip.masks, strict=True)
    ]
