"""Masks through time: which mask a frame gets, and how tracks are smoothed, grown and parted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.engine import Tracked
from engines.core.mask_ops import box_mask
from engines.core.tracks import (
    FOREVER,
    MaskTrack,
    Span,
    TrackKind,
    between,
    mask_at,
    masks_at,
    overlap,
    split_at_cuts,
)
from engines.core.types import Box, Mask

SIZE = (60, 80)
WHOLE = Box(0, 0, 80, 60)


def box(x: int, y: int = 10, w: int = 12, h: int = 9) -> Mask:
    return box_mask(Box(x, y, w, h), SIZE)


def same(a: Mask, b: Mask) -> bool:
    return bool(np.array_equal(a.dense(WHOLE), b.dense(WHOLE)))


def test_a_static_mask_stays_until_the_next_key() -> None:
    track = MaskTrack("logo", TrackKind.STATIC, SIZE, {3: box(5), 8: box(30)})
    assert [same(mask_at(track, frame), box(5)) for frame in (0, 3, 7)] == [True] * 3
    assert same(mask_at(track, 8), box(30))
    assert same(mask_at(track, 5000), box(30))
    assert track.reach == Span(0, FOREVER)


def test_outside_of_its_ranges_a_track_erases_nothing() -> None:
    track = MaskTrack("logo", TrackKind.STATIC, SIZE, {0: box(5)}, ranges=(Span(2, 4), Span(6, 7)))
    assert [frame for frame in range(10) if not mask_at(track, frame).empty] == [2, 3, 6]
    assert track.reach == Span(2, 7)


def test_a_key_wins_over_what_a_tracker_made() -> None:
    track = MaskTrack("man", TrackKind.TRACKED, SIZE, {4: box(5)}, made={4: Tracked(box(50), 1), 5: Tracked(box(6), 1)})
    assert same(mask_at(track, 4), box(5))
    assert same(mask_at(track, 5), box(6))
    assert mask_at(track, 6).empty


@given(st.integers(0, 6), st.integers(0, 6))
def test_growing_and_feathering_only_add(grow: int, feather: int) -> None:
    plain = MaskTrack("t", TrackKind.STATIC, SIZE, {0: box(20)})
    wider = MaskTrack("t", TrackKind.STATIC, SIZE, {0: box(20)}, grow=grow, feather=feather)
    a, b = mask_at(plain, 0).dense(WHOLE), mask_at(wider, 0).dense(WHOLE)
    assert (b >= a).all()
    reach = box_mask(Box(20, 10, 12, 9).grown(grow + feather), SIZE).dense(WHOLE)
    assert (b[reach == 0] == 0).all()


def test_a_feathered_rim_falls_to_nothing() -> None:
    track = MaskTrack("t", TrackKind.STATIC, SIZE, {0: box(20)}, feather=4)
    row = mask_at(track, 0).dense(WHOLE)[14, 10:21].astype(int)
    assert row[-1] == 255
    assert (np.diff(row) >= 0).all()
    assert row[0] == 0
    assert 0 < row[-2] < 255


def test_smoothing_closes_a_gap_and_uncovers_nothing() -> None:
    made = {frame: Tracked(box(20), 1) for frame in range(9) if frame != 4}
    made[2] = Tracked(box(20) | box(60), 1)
    track = MaskTrack("t", TrackKind.TRACKED, SIZE, made=made, smooth=2)
    assert same(mask_at(track, 4), box(20))
    assert same(mask_at(track, 2), box(20) | box(60))
    assert same(mask_at(track, 3), box(20))


def test_two_tracks_are_erased_together() -> None:
    a = MaskTrack("a", TrackKind.STATIC, SIZE, {0: box(5)})
    b = MaskTrack("b", TrackKind.STATIC, SIZE, {0: box(40)}, ranges=(Span(1, 2),))
    assert same(masks_at((a, b), 0), box(5))
    assert same(masks_at((a, b), 1), box(5) | box(40))


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_a_mask_between_two_is_between_them(share: float) -> None:
    mixed = between(box(20), box(24), share)
    assert abs(mixed.box.x - (20 + 4 * share)) <= 1
    assert (mixed.box.w, mixed.box.h) == (12, 9)
    assert overlap(mixed, box(20)) >= overlap(box(20), box(24))


def test_between_nothing_and_nothing_is_nothing() -> None:
    empty = Mask.union(())
    assert between(empty, empty, 0.5).empty
    assert overlap(empty, empty) == 1


def test_cuts_part_a_track_and_lose_no_mask() -> None:
    made = {frame: Tracked(box(frame), 1) for frame in range(2, 12)}
    track = MaskTrack("man", TrackKind.TRACKED, SIZE, {2: box(2)}, made=made)
    parts = split_at_cuts(track, [0, 5, 9, 40])
    assert [part.name for part in parts] == ["man 1", "man 2", "man 3"]
    for frame in range(14):
        assert same(masks_at(parts, frame), mask_at(track, frame))
        assert sum(not mask_at(part, frame).empty for part in parts) <= 1


def test_a_static_track_goes_on_after_a_cut() -> None:
    track = MaskTrack("logo", TrackKind.STATIC, SIZE, {0: box(5)}, ranges=(Span(0, 20),))
    parts = split_at_cuts(track, [8])
    assert [part.ranges for part in parts] == [(Span(0, 8),), (Span(8, 20),)]
    assert same(mask_at(parts[1], 12), box(5))
