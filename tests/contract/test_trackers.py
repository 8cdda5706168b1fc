"""What every tracker promises, tried on every card of the catalogue whose weights are here."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from engines.catalog import load_catalog
from engines.core.context import Context
from engines.core.engine import Role, Tracker
from engines.core.faults import Cancelled
from engines.core.types import Box, Mask, whole
from engines.session import Session
from tests.engines.shared_weights import stocked
from tests.moving import Clip, covered, panned, scenery

CATALOG = load_catalog()


@pytest.fixture(scope="module", params=CATALOG.ids(Role.TRACKER))
def tracker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Tracker, dict[str, bool | int | float | str]]]:
    card = CATALOG[request.param]
    store = stocked(card, tmp_path_factory.mktemp("store"))
    session = Session(CATALOG, store)
    engine, card = session.tracker(card.id, "cpu", Context())
    yield engine, card.resolve({})
    session.close()


@pytest.fixture(scope="module")
def clip() -> Clip:
    truth = panned(scenery(240, 400), 8, (160, 240), (1.0, 0.3))
    return covered(truth, Box(60, 50, 56, 44), (3.0, 1.0))


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / max((a | b).sum(), 1))


def test_a_moving_thing_is_followed(tracker: tuple[Tracker, dict], clip: Clip) -> None:  # type: ignore[type-arg]
    engine, options = tracker
    found = list(engine.track(iter(clip.frames), Mask.of(clip.masks[0]), options, Context()))
    assert len(found) == len(clip.frames) - 1
    for tracked, truth in zip(found, clip.masks[1:], strict=True):
        assert 0 < tracked.confidence <= 1
        assert overlap(tracked.mask.dense(whole(truth)) > 0, truth > 0) > 0.7


def test_it_pulls_no_frame_before_it_is_needed(tracker: tuple[Tracker, dict], clip: Clip) -> None:  # type: ignore[type-arg]
    engine, options = tracker
    pulled = []

    def frames() -> Iterator[np.ndarray]:
        for number, frame in enumerate(clip.frames):
            pulled.append(number)
            yield frame

    found = engine.track(frames(), Mask.of(clip.masks[0]), options, Context())
    next(found)
    assert len(pulled) == 2


def test_one_frame_gives_nothing(tracker: tuple[Tracker, dict], clip: Clip) -> None:  # type: ignore[type-arg]
    engine, options = tracker
    assert list(engine.track(clip.frames[:1], Mask.of(clip.masks[0]), options, Context())) == []


def test_cancel_is_heard(tracker: tuple[Tracker, dict], clip: Clip) -> None:  # type: ignore[type-arg]
    engine, options = tracker
    with pytest.raises(Cancelled):
        list(engine.track(clip.frames, Mask.of(clip.masks[0]), options, Context(cancelled=lambda: True)))


def test_what_is_gone_is_followed_no_further(tracker: tuple[Tracker, dict], clip: Clip) -> None:  # type: ignore[type-arg]
    engine, options = tracker
    frames = [*clip.frames[:3], *clip.truth[3:]]
    assert len(list(engine.track(frames, Mask.of(clip.masks[0]), options, Context()))) == 2
