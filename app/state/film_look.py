"""How a playing frame looks: previews painted in, masks tinted. Called in the decoding thread. No Qt."""

from __future__ import annotations

import cv2
import numpy as np

from app.state.reel import Picture, Reel
from engines.core.tracks import MaskTrack, masks_at
from engines.core.types import Box, Mask, Patch


def painted(
    reel: Reel, tracks: tuple[MaskTrack, ...], tint: tuple[tuple[int, int, int], float], index: int, picture: Picture
) -> Picture:
    """``picture`` (BGRA, any size) of frame ``index`` with its preview, or else with its masks in the tint (RGB)."""
    patches = reel.previews.get(index)
    scale = picture.shape[0] / reel.film.info.size[0]
    if patches is not None:
        return _with_patches(picture, patches, scale)
    colour, opacity = tint
    mask = masks_at(tracks, index) if opacity > 0 else None
    return picture if mask is None or mask.empty else _tinted(picture, mask, scale, (colour, opacity))


def _tinted(picture: Picture, mask: Mask, scale: float, tint: tuple[tuple[int, int, int], float]) -> Picture:
    place = _scaled(mask.box, scale, picture)
    if place.empty:
        return picture
    alpha = cv2.resize(mask.alpha, (place.w, place.h), interpolation=cv2.INTER_AREA).astype(np.float32)
    weight = alpha[..., None] * np.float32(tint[1] / 255)
    out = picture.copy()
    view = out[place.slices][..., :3]
    bgr = np.array(tint[0][::-1], np.float32)
    view[...] = view + (bgr - view) * weight
    return out


def _with_patches(picture: Picture, patches: tuple[Patch, ...], scale: float) -> Picture:
    out = picture.copy()
    for patch in patches:
        place = _scaled(patch.box, scale, picture)
        if place.empty:
            continue
        size = place.w, place.h
        eight = patch.pixels if patch.pixels.dtype == np.uint8 else (patch.pixels >> 8).astype(np.uint8)
        colours = cv2.resize(eight, size, interpolation=cv2.INTER_AREA)[..., ::-1].astype(np.float32)
        cover = cv2.resize((patch.alpha > 0).astype(np.float32), size, interpolation=cv2.INTER_AREA)[..., None]
        view = out[place.slices][..., :3]
        view[...] = view + (colours - view) * cover
    return out


def _scaled(box: Box, scale: float, picture: Picture) -> Box:
    x, y = round(box.x * scale), round(box.y * scale)
    right, bottom = round(box.right * scale), round(box.bottom * scale)
    return Box(x, y, right - x, bottom - y).within((picture.shape[0], picture.shape[1]))
