"""The arrangements that text comes in: loose lines, signs, posters, subtitles, watermarks, logos, documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engines.core.types import Box
from engines.training.synthesis import glyphs, grounds, placing
from engines.training.synthesis.composer import Composer, Hand, Written
from engines.training.synthesis.layers import Layer, reach
from engines.training.synthesis.placing import Matrix
from engines.training.synthesis.style import (
    Colour,
    Direction,
    Effect,
    Feather,
    Fill,
    Geometry,
    Opacity,
    Outline,
    Place,
    Scene,
    Style,
)
from engines.training.synthesis.words import UPRIGHT, Script, date


def scattered(c: Composer) -> None:
    """One to four lines in free places, each lying as the style's geometry says."""
    wanted = int(c.rng.integers(1, 5))
    for _ in range(wanted):
        loose_line(c)


def loose_line(c: Composer, spot: Box | None = None, height: float | None = None) -> Layer | None:
    """A line of text in a free place, or in the middle of ``spot``; None where no place was found."""
    hand, height = c.hand(), height or c.height()
    columns = c.style.direction is Direction.COLUMNS
    written = c.write(hand, height, c.side * float(c.rng.uniform(0.5, 0.95)), columns)
    c.used |= {Geometry, Place}
    geometry = c.style.geometry
    if geometry is Geometry.CURVED:
        written = _curved(c, written)
    matrix = placing.view(geometry, written.width_px, written.height_px, c.rng)
    if c.rng.random() < 0.08:
        matrix = matrix @ placing.slant(float(c.rng.uniform(0.15, 0.35)))
    return settle(c, written, matrix, spot)


def _curved(c: Composer, written: Written) -> Written:
    if written.image.shape[1] < 2.5 * written.image.shape[0]:
        return written
    bend = float(c.rng.uniform(0.4, 2.2) * c.rng.choice([-1, 1]))
    return replace(written, image=glyphs.arched(written.image, bend))


def settle(c: Composer, written: Written, matrix: Matrix, spot: Box | None = None) -> Layer | None:
    """Draw glyphs, seen through ``matrix``, where the style's place finds room, or in the middle of ``spot``."""
    extent = placing.bounds(placing.corners_of(written.width_px, written.height_px, matrix))
    if spot is None:
        move = c.ground.spot(extent, c.style.place, c.rng, clearance=reach(c.style, written.height))
    else:
        move = spot.x + (spot.w - extent.w) // 2 - extent.x, spot.y + (spot.h - extent.h) // 2 - extent.y
    if move is None:
        return None
    subpixel = c.rng.uniform(0, 1, 2)
    placed = placing.shift(move[0] + float(subpixel[0]), move[1] + float(subpixel[1])) @ matrix
    return c.pieces[-1].layer if c.put(written, placed) else None


def sign(c: Composer) -> None:
    """A plate, often seen at an angle, with one to four centred lines on it; the plate stays."""
    width = c.side * float(c.rng.uniform(0.5, 0.95))
    height = c.side * float(c.rng.uniform(0.2, 0.8))
    c.used |= {Geometry}
    curved = c.style.geometry is Geometry.CURVED
    flat = c.style.geometry is Geometry.STRAIGHT
    view = np.eye(3) if flat or curved else placing.view(c.style.geometry, width, height, c.rng)
    middle = placing.shift(*(c.side / 2 + c.rng.uniform(-0.12, 0.12, 2) * c.side))
    matrix = middle @ view @ placing.shift(-width / 2, -height / 2)
    c.rebase(grounds.plate(c.base, (width, height), matrix, c.rng))
    hand = c.hand()
    if c.style.direction is Direction.COLUMNS and hand.script in UPRIGHT:
        _columns(c, hand, (width, height), matrix)
        return
    lines = int(c.rng.integers(1, 5))
    pitch = height * 0.85 / lines
    for number in range(lines):
        letters = max(c.settings.smallest, pitch * float(c.rng.uniform(0.45, 0.8)))
        if letters > pitch * 1.1:
            break
        written = c.write(hand, min(letters, c.side / 3), width * 0.86)
        if curved and number == 0:
            written = _curved(c, written)
        y = height * 0.08 + (number + 0.5) * pitch
        _centre(c, written, matrix, width / 2, y)
        if c.rng.random() < 0.3:
            hand = c.hand(hand.script)


def _columns(c: Composer, hand: Hand, size: tuple[float, float], matrix: Matrix) -> None:
    """Columns from right to left, as on scrolls and in the balloons of comics."""
    width, height = size
    number = int(c.rng.integers(1, 4))
    pitch = width * 0.8 / number
    letters = min(max(float(c.settings.smallest), height * float(c.rng.uniform(0.1, 0.25))), pitch * 0.9)
    for column in range(number):
        written = c.write(hand, letters, height * 0.84, columns=True)
        x = width * 0.9 - (column + 0.5) * pitch
        c.put(written, matrix @ placing.shift(x - written.width_px / 2, height * 0.08))


def _centre(c: Composer, written: Written, matrix: Matrix, x: float, y: float) -> bool:
    corner = placing.shift(x - written.width_px / 2, y - written.height_px / 2)
    return c.put(written, matrix @ corner)


def poster(c: Composer) -> None:
    """A title, smaller lines below, and badges: dense, aligned, in few colours."""
    left = bool(c.rng.random() < 0.5)
    y = c.side * float(c.rng.uniform(0.02, 0.2))
    hand = c.hand()
    styles = (c.style, replace(c.style, effect=Effect.NONE, outline=Outline.NONE, fill=Fill.SOLID))
    first = True
    while y < c.side * 0.95 and len(c.pieces) < 14:
        high = c.side * float(c.rng.uniform(0.1, 0.24) if first else c.rng.uniform(0.05, 0.13))
        high = max(float(c.settings.smallest), high)
        written = c.write(hand, high, c.side * float(c.rng.uniform(0.5, 0.94)))
        x = c.side * 0.04 if left else (c.side - written.width_px) / 2
        if c.rng.random() < 0.22:
            _badge(c, written, x, y)
        c.put(written, placing.shift(x, y), styles[0 if first else 1])
        y += written.height_px + high * float(c.rng.uniform(0.3, 0.9))
        y += c.side * 0.3 * float(c.rng.random() < 0.12)
        first = False
        hand = c.hand(hand.script) if c.rng.random() < 0.3 else hand


def _badge(c: Composer, written: Written, x: float, y: float) -> None:
    """A plate behind a line; one in three goes with the text."""
    pad = 0.35 * written.height
    width, height = written.width_px + 2 * pad, written.height_px + 2 * pad
    if c.rng.random() < 0.33:
        _tag(c, Box(round(x - pad), round(y - pad), round(width), round(height)), written.height)
    else:
        c.rebase(grounds.plate(c.base, (width, height), placing.shift(x - pad, y - pad), c.rng))


def _tag(c: Composer, box: Box, high: float) -> None:
    """A small plate that is a piece of its own, and so may be asked to go."""
    if box.empty:
        return
    style = replace(c.style, fill=Fill.SOLID, outline=Outline.NONE, effect=Effect.NONE, feather=Feather.NONE)
    c.put(Written(np.full((box.h, box.w), 255, np.uint8), 1, high), placing.shift(box.x, box.y), style)


def subtitle(c: Composer) -> None:
    """One or two centred lines near the lower border, often outlined or on a box; or a stamp in a corner."""
    if c.rng.random() < 0.25:
        _corner(c)
        return
    high = max(float(c.settings.smallest), c.side * float(c.rng.uniform(0.055, 0.12)))
    hand = c.hand()
    lines = [c.write(hand, high, c.side * 0.94) for _ in range(int(c.rng.integers(1, 3)))]
    low = c.rng.random() < 0.8
    bottom = c.side * float(c.rng.uniform(0.8, 0.98) if low else c.rng.uniform(0.2, 0.5))
    pitch = high * 1.3
    boxed = bool(c.rng.random() < 0.35)
    if boxed:
        wide = max(line.width_px for line in lines) + high
        tall = pitch * len(lines) + 0.3 * high
        _backing(c, ((c.side - wide) / 2, bottom - tall), (wide, tall), high)
    style = _subtitled(c, boxed)
    for number, line in enumerate(lines):
        y = bottom - pitch * (len(lines) - number) + (pitch - line.height_px) / 2
        c.put(line, placing.shift((c.side - line.width_px) / 2, y), style)


def _backing(c: Composer, corner: tuple[float, float], size: tuple[float, float], high: float) -> None:
    if c.rng.random() < 0.5:
        _tag(c, Box(round(corner[0]), round(corner[1]), round(size[0]), round(size[1])), high)
    else:
        c.rebase(grounds.plate(c.base, size, placing.shift(*corner), c.rng, float(c.rng.uniform(0.4, 1))))


def _subtitled(c: Composer, boxed: bool) -> Style:
    if c.rng.random() < 0.3:
        return c.style
    style = c.styled(colour=Colour.EXTREME, fill=Fill.SOLID)
    if boxed or c.rng.random() < 0.4:
        return style
    c.overruled.add(Outline)
    return replace(style, outline=Outline.THIN)


def _corner(c: Composer) -> None:
    """A camera's date, or a name, small in a corner."""
    high = max(float(c.settings.smallest), c.side * float(c.rng.uniform(0.04, 0.09)))
    hand = c.hand(Script.LATIN)
    text = date(c.rng) if c.rng.random() < 0.6 else None
    written = c.write(hand, high, c.side * 0.5, text=text)
    inset = high * float(c.rng.uniform(0.3, 1.5))
    x = inset if c.rng.random() < 0.35 else c.side - written.width_px - inset
    y = inset if c.rng.random() < 0.25 else c.side - written.height_px - inset
    dated = text is not None and c.rng.random() < 0.6
    c.put(written, placing.shift(x, y), c.styled(colour=Colour.VIVID, outline=Outline.NONE) if dated else c.style)


def watermark(c: Composer) -> None:
    """The same words again and again on a slanted lattice, mostly see-through."""
    style = c.styled(effect=Effect.NONE)
    if style.opacity is Opacity.SOLID and c.rng.random() < 0.8:
        c.overruled.add(Opacity)
        style = replace(style, opacity=Opacity(int(c.rng.integers(1, 4))))
    layer = _tiled(c, style)
    if layer is not None:
        c.add(layer, asked=True)


def _tiled(c: Composer, style: Style) -> Layer | None:
    """One layer with a word repeated over the whole picture."""
    lowest = max(float(c.settings.smallest), c.side / 22)
    high = float(c.rng.uniform(lowest, max(lowest, c.side / 7)))
    written = c.write(c.hand(), high, c.side * float(c.rng.uniform(0.25, 0.7)))
    angle = float(c.rng.choice([0.0, c.rng.uniform(-0.9, 0.9), -np.pi / 6, np.pi / 6, np.pi / 4]))
    turned = placing.rotation(angle)
    one = placing.project(written.image, placing.shift(c.side / 2, c.side / 2) @ turned @ written.own, 2 * c.side, 1)
    if one is None:
        return None
    coverage = np.zeros((c.side, c.side), np.float32)
    outlines = []
    for x, y in _lattice(c, written, turned):
        outline = one.outline + np.array([x - c.side / 2, y - c.side / 2], np.float32)
        box = one.box.moved(x - c.side // 2, y - c.side // 2)
        inside = box.within((c.side, c.side))
        if inside.empty:
            continue
        part = one.coverage[inside.moved(-box.x, -box.y).slices]
        np.maximum(coverage[inside.slices], part, out=coverage[inside.slices])
        outlines.append(outline)
    if not outlines or coverage.max() < 0.1:
        return None
    whole = Box(0, 0, c.side, c.side)
    layer = c.coloured(placing.Projected(coverage, whole, outlines[0]), written.height, style)
    return replace(layer, outlines=np.stack(outlines))


def _lattice(c: Composer, written: Written, turned: Matrix) -> list[tuple[int, int]]:
    step_x = written.width_px + written.height * float(c.rng.uniform(0.6, 3))
    step_y = written.height_px + written.height * float(c.rng.uniform(0.6, 4))
    stagger = step_x / 2 * float(c.rng.random() < 0.6)
    start = c.rng.uniform(0, 1, 2) * (step_x, step_y)
    reach_x, reach_y = int(1.5 * c.side / step_x) + 1, int(1.5 * c.side / step_y) + 1
    points = []
    for row in range(-reach_y, reach_y + 1):
        for column in range(-reach_x, reach_x + 1):
            flat = np.array([column * step_x + start[0] + stagger * (row % 2), row * step_y + start[1], 1])
            x, y, _ = turned @ flat
            points.append((round(x + c.side / 2), round(y + c.side / 2)))
    return points


def overprint(c: Composer) -> None:
    """Text over text: both asked to go, or a see-through one over text that stays."""
    first = loose_line(c)
    if first is None:
        return
    spot = first.box
    c.ground.taken.clear()
    keeps = c.style.opacity in {Opacity.MIDDLE, Opacity.FAINT}
    if keeps:
        c.pieces[-1] = replace(c.pieces[-1], asked=False, beneath=True)
    if keeps and c.rng.random() < 0.5:
        watermark(c)
    else:
        loose_line(c, spot)


def logo(c: Composer) -> None:
    """A mark, often with a short line under it."""
    c.used |= {Place}
    size = max(14, round(c.height() * float(c.rng.uniform(1.0, 2.0))))
    factor = glyphs.supersampling(size)
    written = Written(glyphs.mark(c.rng, size * factor), factor, size * 0.5)
    layer = settle(c, written, placing.rotation(float(c.rng.normal(0, 0.1))))
    if layer is None or c.rng.random() < 0.4:
        return
    line = c.write(c.hand(), max(float(c.settings.smallest), size * float(c.rng.uniform(0.2, 0.5))), c.side * 0.5)
    beside = c.rng.random() < 0.4
    box = layer.box
    x = box.right + 2.0 if beside else box.x + box.w / 2 - line.width_px / 2
    y = box.y + box.h / 2 - line.height_px / 2 if beside else box.bottom + 2.0
    c.put(line, placing.shift(x, y))


def document(c: Composer) -> None:
    """Rows of small dark letters on paper; sometimes a watermark over rows that stay."""
    if c.rng.random() < 0.75:
        c.rebase(grounds.paper(c.side, c.rng))
    stamped = c.rng.random() < 0.35
    high = float(c.rng.uniform(c.settings.smallest, max(14.0, c.side / 12)))
    hand = c.hand()
    plain = c.styled(colour=Colour.EXTREME, effect=Effect.NONE, outline=Outline.NONE, fill=Fill.SOLID)
    x, y = c.side * float(c.rng.uniform(-0.1, 0.15)), high * float(c.rng.uniform(-0.5, 2))
    pitch = high * float(c.rng.uniform(1.25, 2.2))
    turn = placing.rotation(float(c.rng.normal(0, 0.03)))
    style = replace(plain, opacity=Opacity.SOLID) if stamped else plain
    while y < c.side and len(c.pieces) < 16:
        c.put(c.write(hand, high, c.side * 1.05), turn @ placing.shift(x, y), style, asked=not stamped, beneath=stamped)
        y += pitch
    if stamped:
        watermark(c)


SCENES: dict[Scene, Callable[[Composer], None]] = {
    Scene.SCATTERED: scattered,
    Scene.SIGN: sign,
    Scene.POSTER: poster,
    Scene.SUBTITLE: subtitle,
    Scene.WATERMARK: watermark,
    Scene.OVERPRINT: overprint,
    Scene.LOGO: logo,
    Scene.DOCUMENT: document,
}
