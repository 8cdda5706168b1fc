"""One line seen at several scales is one line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engines.detectors.lines import Candidate, shared_area, side
from engines.detectors.reading import Words

_SAME = 0.5
_INSIDE = 0.5
_MUCH = 0.3
_DOUBTFUL = 0.7
_SURE = 0.85
_SOMETHING = 0.4
_LEGIBLE = 0.6
_SHARP = 0.9
_COMPACT = 2.5
_LARGE = 100.0
_WHOLE = 0.5
_WORD = 3
_BEST_HEIGHT = (14.0, 90.0)
"""Level pixels: the heights at which the detector outlines best."""


def fitness(line: Candidate) -> float:
    """0..1: how near the line's height at its level is to what the detector is best at, times its score."""
    height = line.height * line.scale
    low, high = _BEST_HEIGHT
    return min(1.0, height / low, high / max(height, 1e-6)) * line.score


def without_doubles(found: Sequence[Candidate]) -> list[list[Candidate]]:
    """One group per line: the fittest candidate first, then those of other levels that outline the same."""
    near = _neighbours(found)
    groups: dict[int, list[Candidate]] = {}
    for i in sorted(range(len(found)), key=lambda i: fitness(found[i]), reverse=True):
        same = (j for j in near[i] if j in groups and _overlap(found[i], found[j]) > _SAME)
        first = next(same, None)
        if first is None:
            groups[i] = [found[i]]
        else:
            groups[first].append(found[i])
    return list(groups.values())


def _neighbours(found: Sequence[Candidate]) -> list[list[int]]:
    """For each candidate those of other levels whose upright boxes meet its own."""
    if not found:
        return []
    low = np.array([line.outline.min(axis=0) for line in found])
    high = np.array([line.outline.max(axis=0) for line in found])
    level = np.array([line.level for line in found])
    meet = [(low[i] < high).all(axis=1) & (low < high[i]).all(axis=1) & (level != level[i]) for i in range(len(found))]
    return [np.flatnonzero(row).tolist() for row in meet]


def _overlap(a: Candidate, b: Candidate) -> float:
    """Intersection over union."""
    shared = shared_area(a.outline, b.outline)
    return shared / max(a.area + b.area - shared, 1e-6)


def conflicts(found: Sequence[Candidate]) -> dict[int, list[int]]:
    """For each line, those smaller ones of other levels that lie mostly inside it; lines without are left out."""
    near = _neighbours(found)
    inside = {i: [j for j in near[i] if _lies_in(found[j], large)] for i, large in enumerate(found)}
    return {i: parts for i, parts in inside.items() if parts}


def _lies_in(small: Candidate, large: Candidate) -> bool:
    if small.area >= large.area:
        return False
    return shared_area(small.outline, large.outline) > _INSIDE * small.area


def settled(found: Sequence[Candidate], words: Sequence[Words]) -> list[int]:
    """The indices that stay: of a line and its parts those that read better.

    Fragments of large letters read as nothing; a paragraph that was taken for one line reads worse than its
    lines do. Clear small text on a large line that is clear as well stays beside it.
    """
    gone: set[int] = set()
    inside = conflicts(found)
    for i in sorted(inside, key=lambda i: found[i].area, reverse=True):
        parts = [j for j in inside[i] if j not in gone]
        if i in gone or not parts:
            continue
        area = sum(found[j].area for j in parts)
        clarity = sum(words[j].clarity * found[j].area for j in parts) / area
        covers = area > _MUCH * found[i].area
        if covers and clarity > words[i].clarity:
            gone.add(i)
        else:
            gone.update(j for j in parts if covers or not _stands_alone(words[j]))
    return [i for i in range(len(found)) if i not in gone]


def _stands_alone(words: Words) -> bool:
    """Whether a small line on a large one is text of its own, not a stroke of a letter that looks like one."""
    return words.clarity >= _SHARP and len(words.text) >= _WORD


def suspect(line: Candidate) -> bool:
    """Whether the detector may be mistaken: on pictures without text it takes what stands alone for a letter."""
    return line.score < _SURE or _compact(line)


def believable(line: Candidate, words: Words, picture_area: float) -> bool:
    """Whether a line is text. What the detector is sure of is, in any script; other lines must say something.

    Lines that are not ``suspect`` need not have been read. Compact ones are judged by what they say. The bounds
    keep away all of 63 mistakes on 350 photographs without text, most of them letters that fill much of the picture.
    """
    if _compact(line):
        return _believable_letter(line, words, picture_area)
    return line.score >= _SURE or words.clarity >= (_LEGIBLE if line.score < _DOUBTFUL else _SOMETHING)


def _believable_letter(line: Candidate, words: Words, picture_area: float) -> bool:
    """The same for a compact line: a large one (at its level) must read well, and best if it is short."""
    large = line.height * line.scale > _LARGE
    if large and len(words.text) < _WORD:
        return words.clarity >= _SHARP and line.area < _WHOLE * picture_area
    sure = line.score >= _SURE and len(words.text) != 1 and not large
    return sure or words.clarity >= _LEGIBLE


def _compact(line: Candidate) -> bool:
    return max(side(line.quad, 0), side(line.quad, 1)) < _COMPACT * line.height
