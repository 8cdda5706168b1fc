"""Fits a picture to another kind of file, and says what that kind cannot hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engines.core.faults import EngineError, Fault
from engines.media import exif, xmp
from engines.media.colour import shown_dtype, to_alpha, to_rgb
from engines.media.formats import HOLDS, Format, Holds, Model
from engines.media.orient import shown
from engines.media.picture import Metadata, Samples, Stored


def converted(stored: Stored, target: Format) -> tuple[Stored, list[str]]:
    """``stored`` in a shape that ``target`` holds, upright, and what was lost on the way."""
    holds = HOLDS[target]
    names = stored.traits.left_behind() if stored.traits else []
    notes = [f"{target.value} has no place for {', '.join(names)}: left out."] if names else []
    picture = _upright(stored)
    picture = _fit_model(picture, target, notes)
    picture = _fit_alpha(picture, target, notes)
    picture = _fit_depth(picture, holds, target, notes)
    if not holds.metadata and any((picture.metadata.exif, picture.metadata.icc, picture.metadata.xmp)):
        notes.append(f"{target.value} cannot hold EXIF, XMP or a colour profile: these were left out.")
        picture = replace(picture, metadata=Metadata(dpi=picture.metadata.dpi))
    if holds.lossy:
        notes.append(f"{target.value} is lossy: pixels outside the mask may differ slightly, too.")
    return replace(picture, format=target, traits=None, lossy=holds.lossy), notes


def check_sides(stored: Stored, target: Format) -> None:
    """Raise ``NOT_WRITTEN`` for a picture that is too long for ``target``."""
    longest, most = max(stored.samples.shape[:2]), HOLDS[target].max_side
    if longest > most:
        message = f"{target.value} holds at most {most} pixels a side, and the picture has {longest}."
        raise EngineError(Fault.NOT_WRITTEN, message, "Use -o with .png or .tif.")


def _upright(stored: Stored) -> Stored:
    if stored.orientation == 1:
        return stored
    return replace(
        stored,
        samples=shown(stored.samples, stored.orientation),
        alpha=None if stored.alpha is None else shown(stored.alpha, stored.orientation),
        orientation=1,
        metadata=replace(
            stored.metadata,
            exif=exif.upright(stored.metadata.exif),
            xmp=xmp.upright(stored.metadata.xmp),
            dpi=_turned_dpi(stored),
        ),
    )


def _turned_dpi(stored: Stored) -> tuple[float, float] | None:
    dpi = stored.metadata.dpi
    return (dpi[1], dpi[0]) if dpi and stored.orientation >= 5 else dpi


def _fit_model(stored: Stored, target: Format, notes: list[str]) -> Stored:
    """Straight alpha, no key, and a colour model that ``target`` holds."""
    alpha = to_alpha(stored)
    fits = stored.model in HOLDS[target].models and not stored.premultiplied
    if fits and (stored.model is not Model.PALETTE or alpha is None or target is Format.PNG):
        if stored.palette is not None:
            return stored
        return stored if stored.key is None else replace(stored, key=None, alpha=_as_stored_depth(alpha, stored))
    metadata = stored.metadata
    if stored.model in (Model.CMYK, Model.LAB):
        notes.append(f"{target.value} cannot hold {stored.model.value}: the picture was converted to RGB.")
        metadata = replace(metadata, icc=b"")
    grey_profile = stored.model is Model.GREY and bool(metadata.icc)
    if grey_profile and Model.GREY not in HOLDS[target].models:
        notes.append(f"{target.value} cannot hold a grey picture's colour profile: it was left out.")
        metadata = replace(metadata, icc=b"")
    rgb = to_rgb(stored)
    keeps_grey = stored.model is Model.GREY and Model.GREY in HOLDS[target].models
    return Stored(
        format=target,
        model=Model.GREY if keeps_grey else Model.RGB,
        bits=shown_dtype(stored).itemsize * 8,
        samples=rgb[..., 0] if keeps_grey else rgb,
        alpha=alpha,
        metadata=metadata,
    )


def _as_stored_depth(alpha: Samples | None, stored: Stored) -> Samples | None:
    """Alpha of 0 and full, in the code values of the samples."""
    return None if alpha is None else np.where(alpha > 0, stored.top, 0).astype(stored.samples.dtype)


def _fit_alpha(stored: Stored, target: Format, notes: list[str]) -> Stored:
    if stored.alpha is None or HOLDS[target].alpha:
        return stored
    if bool((stored.alpha >= stored.top).all()):
        return replace(stored, alpha=None)
    notes.append(f"{target.value} cannot hold transparency: the picture was laid on white.")
    opacity = stored.alpha.astype(np.float64) / stored.top
    opacity = opacity if stored.samples.ndim == 2 else opacity[..., None]
    if stored.model is Model.CMYK:
        mixed = stored.samples * opacity  # no ink is white
    else:
        mixed = stored.samples * opacity + stored.top * (1 - opacity)
    mixed = mixed if stored.floating else np.rint(mixed)
    return replace(stored, alpha=None, samples=mixed.astype(stored.samples.dtype))


def _fit_depth(stored: Stored, holds: Holds, target: Format, notes: list[str]) -> Stored:
    if stored.model is Model.PALETTE:
        return replace(stored, bits=stored.bits if stored.bits in holds.bits else 8)
    if stored.floating:
        return stored if holds.floats else _from_floats(stored, holds.bits[-1], target, notes)
    if stored.bits in holds.bits and not (stored.bits < 8 and stored.alpha is not None):
        return stored
    bits = next((bits for bits in holds.bits if bits >= max(stored.bits, 8)), holds.bits[-1])
    if bits < stored.bits:
        notes.append(f"{target.value} holds {bits} bits per channel here: the picture's {stored.bits} were rounded.")
    return rescaled(stored, stored.top, bits)


def _from_floats(stored: Stored, bits: int, target: Format, notes: list[str]) -> Stored:
    finite = stored.samples[np.isfinite(stored.samples)]
    white = max(1.0, float(finite.max(initial=1.0)))
    scaled = f", with {white:g} as white" if white > 1 else ""
    notes.append(f"{target.value} cannot hold floats: the picture was rounded to {bits} bits per channel{scaled}.")
    clean = np.nan_to_num(stored.samples, nan=0.0, posinf=white, neginf=0.0).clip(0, white)
    alpha = None if stored.alpha is None else np.nan_to_num(stored.alpha).clip(0, 1) * white
    return rescaled(replace(stored, samples=clean, alpha=alpha), white, bits)


def rescaled(stored: Stored, top: float, bits: int) -> Stored:
    """The picture in whole numbers of ``bits`` per sample, where ``top`` is white now."""
    dtype = np.uint8 if bits <= 8 else np.uint16
    scale = (2**bits - 1) / top

    def scaled(values: Samples) -> Samples:
        return np.asarray(np.rint(values.astype(np.float64) * scale), dtype)

    alpha = None if stored.alpha is None else scaled(stored.alpha)
    return replace(stored, bits=bits, samples=scaled(stored.samples), alpha=alpha)
