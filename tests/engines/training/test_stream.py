"""Batches: the same from any number of workers, in order, and never silently fewer."""

from __future__ import annotations

import os

import numpy as np
import pytest

from engines.core.faults import EngineError, Fault
from engines.training.policy import StylePolicy
from engines.training.realism import ENOUGH, RealismJudge, drawn_lines
from engines.training.stream import Maker, Mixed, SampleStream, StreamSettings
from engines.training.synthesis import Backgrounds, FontLibrary, Settings, Synthesiser
from engines.training.synthesis.sample import Sample
from engines.training.synthesis.style import NUMBER, SPANS, Probabilities, Scene


def same(first: list[Sample], second: list[Sample]) -> bool:
    return len(first) == len(second) and all(
        np.array_equal(getattr(a, name), getattr(b, name))
        for a, b in zip(first, second, strict=True)
        for name in ("image", "truth", "mask", "stroke", "choices")
    )


class Failing:
    """A maker that cannot."""

    def at(self, difficulty: float) -> Maker:
        del difficulty
        return self

    def sample(self, rng: np.random.Generator, side: int, probabilities: Probabilities | None = None) -> Sample:
        raise EngineError(Fault.BAD_INPUT, "There are no fonts to draw text with.", "Install some.")


class Dying(Failing):
    """A maker whose process ends."""

    def sample(self, rng: np.random.Generator, side: int, probabilities: Probabilities | None = None) -> Sample:
        os._exit(3)


def test_workers_make_what_one_process_makes(synthesiser: Synthesiser) -> None:
    with SampleStream(synthesiser, synthesiser, StreamSettings(seed=5, workers=0)) as alone:
        expected = [alone.take(3, 48, 1.0) for _ in range(5)]
    with SampleStream(synthesiser, synthesiser, StreamSettings(seed=5, workers=2, ahead=2)) as stream:
        batches = [stream.take(3, 48, 1.0) for _ in range(5)]
        assert stream.position == 5
        assert all(same(a, b) for a, b in zip(batches, expected, strict=True))
        assert not same(batches[0], batches[1]), "the workers must not draw alike"
        larger = stream.take(2, 64, 1.0)
        assert [sample.image.shape for sample in larger] == [(64, 64, 3)] * 2


def test_a_stopped_stream_goes_on(synthesiser: Synthesiser) -> None:
    whole = SampleStream(synthesiser, synthesiser, StreamSettings(seed=2, workers=0))
    for _ in range(3):
        whole.take(2, 48, 0.5)
    resumed = SampleStream(synthesiser, synthesiser, StreamSettings(seed=2, workers=0, first=whole.position))
    assert same(whole.take(2, 48, 0.5), resumed.take(2, 48, 0.5))


def test_seeds_differ(synthesiser: Synthesiser) -> None:
    first, second = (SampleStream(synthesiser, synthesiser, StreamSettings(seed, workers=0)) for seed in (1, 2))
    assert not same(first.take(2, 48, 1.0), second.take(2, 48, 1.0))


def test_held_out_samples_never_change(synthesiser: Synthesiser) -> None:
    stream = SampleStream(synthesiser, synthesiser, StreamSettings(seed=1, workers=0))
    before = stream.held_out(3, 48)
    stream.take(2, 48, 1.0)
    other = SampleStream(synthesiser, synthesiser, StreamSettings(seed=9, workers=0))
    assert same(before, stream.held_out(3, 48))
    assert same(before, other.held_out(3, 48))


def test_a_failure_in_a_worker_is_told() -> None:
    with (
        SampleStream(Failing(), Failing(), StreamSettings(workers=1)) as stream,
        pytest.raises(EngineError, match="no fonts"),
    ):
        stream.take(1, 48, 1.0)


def test_a_worker_that_dies_is_told() -> None:
    with SampleStream(Dying(), Dying(), StreamSettings(workers=1)) as stream, pytest.raises(EngineError) as caught:
        stream.take(1, 48, 1.0)
    assert caught.value.fault is Fault.CRASHED
    assert "3" in caught.value.message


def test_the_policy_steers_and_learns(synthesiser: Synthesiser) -> None:
    policy = StylePolicy()
    span = SPANS[NUMBER[Scene]]
    policy.logits[span] = -20
    policy.logits[span.start + Scene.LOGO] = 20
    stream = SampleStream(synthesiser, synthesiser, StreamSettings(workers=0), policy=policy)
    scenes = [sample.choices[NUMBER[Scene]] for sample in stream.take(24, 48, 1.0)]
    assert np.mean(np.array(scenes) == Scene.LOGO) > 0.6
    before = policy.logits.copy()
    stream.learn([0.01 * (number + 1) for number in range(24)])
    assert not np.array_equal(before, policy.logits)


def test_the_policy_waits_for_full_difficulty(synthesiser: Synthesiser) -> None:
    steered = SampleStream(synthesiser, synthesiser, StreamSettings(workers=0), policy=StylePolicy())
    plain = SampleStream(synthesiser, synthesiser, StreamSettings(workers=0))
    assert same(steered.take(3, 48, 0.4), plain.take(3, 48, 0.4))


def test_the_judge_is_heard(synthesiser: Synthesiser) -> None:
    rows = drawn_lines(synthesiser.sample(np.random.default_rng(seed), 48) for seed in range(40))
    judge = RealismJudge()
    rows.sort(key=lambda row: float(row[0]))  # "real" are those of the stronger contrast
    half = len(rows) // 2
    judge.learn((rows[half:] * 20)[:ENOUGH], (rows[:half] * 20)[:ENOUGH])
    told = []
    for heard in (judge, None):
        policy = StylePolicy()
        stream = SampleStream(synthesiser, synthesiser, StreamSettings(workers=0), policy, heard)
        stream.take(8, 48, 1.0)
        stream.learn([0.1] * 8)
        told.append(policy.logits)
    assert not np.array_equal(told[0], told[1])


def test_two_makers_mix(synthesiser: Synthesiser, fonts: FontLibrary) -> None:
    grey = Synthesiser(Backgrounds.of([np.full((64, 64, 3), 9, np.uint8)]), fonts, Settings(procedural=0))
    mixed = Mixed(synthesiser, grey, 0.5).at(1.0)
    dark = [np.median(mixed.sample(np.random.default_rng(seed), 48).truth) < 0.25 for seed in range(40)]
    assert 6 <= sum(dark) <= 34


def test_losses_must_match_the_samples(synthesiser: Synthesiser) -> None:
    stream = SampleStream(synthesiser, synthesiser, StreamSettings(workers=0), policy=StylePolicy())
    stream.take(2, 48, 1.0)
    with pytest.raises(ValueError, match="losses"):
        stream.learn([0.1])
