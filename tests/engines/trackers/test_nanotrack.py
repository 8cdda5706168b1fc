"""NanoTrack holds what is fast; its mask moves and scales with the box; damaged files are told."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.catalog import load_catalog
from engines.core.context import Context
from engines.core.engine import Setup, Tracked, Tracker
from engines.core.faults import EngineError, Fault
from engines.core.mask_ops import box_mask
from engines.core.tracks import MaskTrack, TrackKind, overlap
from engines.core.types import Box, Mask, Pixels
from engines.jobs.footage import Arrays
from engines.jobs.track_masks import UNSURE, Direction, Following, track_masks
from engines.loading import check_weights
from engines.planner import fallback_tracker
from engines.session import Session
from engines.store import Store
from engines.trackers.flow import FlowTracker
from engines.trackers.nanotrack import NanoTracker
from tests.engines.shared_weights import stocked
from tests.moving import Clip, covered, panned, scenery

CATALOG = load_catalog()
CARD = CATALOG["nanotrack"]
SIZE, STEP, COUNT = (260, 500), (30.0, 4.0), 10


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return stocked(CARD, tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def nano(store: Store) -> NanoTracker:
    return NanoTracker(Setup(CARD, store.files(CARD)))


@pytest.fixture(scope="module")
def fast() -> Clip:
    """A thing of 40 pixels that jumps by 30 from frame to frame."""
    return covered(panned(scenery(340, 660), COUNT, SIZE, (1.0, 0.3)), Box(20, 60, 40, 32), STEP)


def followed(tracker: Tracker, frames: list[Pixels], start: Mask) -> list[Tracked]:
    return list(tracker.track(iter(frames), start, {"confidence": 0.4}, Context()))


def test_what_flow_loses_is_held(nano: NanoTracker, fast: Clip) -> None:
    assert followed(FlowTracker(Setup(CATALOG["flow"], {})), fast.frames, fast.mask(0)) == []
    found = followed(nano, fast.frames, fast.mask(0))
    assert len(found) == COUNT - 1
    assert min(overlap(tracked.mask, fast.mask(i)) for i, tracked in enumerate(found, 1)) > 0.85
    assert all(0.4 <= tracked.confidence <= 1 for tracked in found)


def test_the_mask_grows_with_what_it_is_on(nano: NanoTracker) -> None:
    thing = covered([np.zeros((90, 110, 3), np.uint8)], Box(15, 15, 80, 60))
    frames, boxes = [], []
    for number in range(12):
        scale = 0.6 + 0.05 * number
        w, h = round(110 * scale), round(90 * scale)
        frame, x = scenery(240, 400), 40 + 12 * number
        picture = cv2.resize(thing.frames[0], (w, h), interpolation=cv2.INTER_AREA)
        mask = cv2.resize(thing.masks[0], (w, h), interpolation=cv2.INTER_AREA) > 127
        frame[60 : 60 + h, x : x + w][mask] = picture[mask]
        dense = np.zeros((240, 400), np.uint8)
        dense[60 : 60 + h, x : x + w][mask] = 255
        frames.append(frame)
        boxes.append(Mask.of(dense))
    found = followed(nano, frames, boxes[0])
    assert len(found) == 11
    assert min(overlap(tracked.mask, truth) for tracked, truth in zip(found, boxes[1:], strict=True)) > 0.7
    assert found[-1].mask.box.area > 2 * boxes[0].box.area


def test_it_ends_where_the_thing_is_hidden(nano: NanoTracker, fast: Clip) -> None:
    assert len(followed(nano, [*fast.frames[:5], *fast.truth[5:]], fast.mask(0))) == 4


def test_it_ends_where_the_thing_has_left(nano: NanoTracker) -> None:
    truth = panned(scenery(240, 400), 12, (160, 240), (0.5, 0))
    leaving = covered(truth, Box(150, 50, 40, 32), (12.0, 0))
    found = followed(nano, leaving.frames, leaving.mask(0))
    out = next(number for number, mask in enumerate(leaving.masks) if not mask.any())
    assert 3 <= len(found) < out
    assert all(tracked.mask.box.right <= 240 for tracked in found)


def test_a_mask_of_nothing_gives_nothing(nano: NanoTracker, fast: Clip) -> None:
    assert followed(nano, fast.frames, Mask.union(())) == []


def test_a_plain_thing_without_any_pattern_is_held(nano: NanoTracker) -> None:
    frames = []
    for number in range(6):
        frame = scenery(160, 320)
        cv2.circle(frame, (40 + 35 * number, 80), 20, (250, 20, 20), -1)
        frames.append(frame)
    found = followed(nano, frames, box_mask(Box(20, 60, 41, 41), (160, 320)))
    truths = [box_mask(Box(20 + 35 * number, 60, 41, 41), (160, 320)) for number in range(1, 6)]
    assert len(found) == 5
    assert min(overlap(tracked.mask, truth) for tracked, truth in zip(found, truths, strict=True)) > 0.6


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "broken.onnx"
    file.write_bytes(b"this is no network")
    with pytest.raises(EngineError) as error:
        check_weights(CARD, CARD.weights[0], file)
    assert error.value.fault is Fault.WEIGHTS_INVALID


def test_it_goes_on_where_flow_is_unsure_and_says_so(store: Store, fast: Clip) -> None:
    session = Session(CATALOG, store)
    track = MaskTrack("Ball", TrackKind.TRACKED, SIZE, {2: fast.mask(2)})
    assert fallback_tracker(CATALOG, store, "flow") == "nanotrack"
    ctx = Context()
    alone = track_masks(session, Arrays(fast.frames), track, Following(direction=Direction.FORWARD), ctx)
    assert (alone.made, [stop.reason for stop in alone.stops], list(ctx.notes)) == ({}, [UNSURE], [])
    made = track_masks(session, Arrays(fast.frames), track, Following(fallback="nanotrack"), ctx)
    assert sorted(made.made) == [0, 1, *range(3, COUNT)]
    assert not made.stops
    assert list(ctx.notes) == [
        "Ball: nanotrack went on where flow was unsure, frames 0 to 1.",
        "Ball: nanotrack went on where flow was unsure, frames 3 to 9.",
    ]
    session.close()


def test_nothing_goes_on_where_it_is_not_ready(tmp_path: Path) -> None:
    assert fallback_tracker(CATALOG, Store(user=tmp_path), "flow") == ""
    assert fallback_tracker(CATALOG, Store(user=tmp_path), "nanotrack") == ""
