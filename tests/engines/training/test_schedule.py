"""How a run spends its time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engines.training import schedule
from engines.training.recipes import RECIPES, Stage

SHARES = st.floats(0, 1)


@given(SHARES, st.floats(1e-6, 1e-1))
def test_the_learning_rate_stays_between_a_fiftieth_and_its_peak(progress: float, peak: float) -> None:
    assert 0.0199 * peak <= schedule.learning_rate(progress, peak) <= peak * 1.0001


def test_the_learning_rate_rises_then_falls() -> None:
    rates = [schedule.learning_rate(p / 100, 1.0) for p in range(101)]
    top = rates.index(max(rates))
    assert top <= 2
    assert rates[top:] == sorted(rates[top:], reverse=True)


@given(SHARES, SHARES)
def test_samples_only_get_harder(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert 0 < schedule.difficulty(low) <= schedule.difficulty(high) <= 1


def test_stages_follow_each_other() -> None:
    stages = (Stage(0.0, 64, 8), Stage(0.5, 128, 4))
    assert [schedule.stage(p, stages).side for p in (0.0, 0.49, 0.5, 1.0)] == [64, 64, 128, 128]


def test_every_recipe_covers_the_whole_run_with_sides_its_network_takes() -> None:
    for kind in RECIPES.values():
        for stages in (kind.cpu_stages, kind.gpu_stages):
            assert stages[0].start == 0
            assert [s.start for s in stages] == sorted(s.start for s in stages)
            assert all(s.side % 32 == 0 for s in stages)


@given(st.integers(0, 10**6))
def test_the_average_follows_quickly_at_first(step: int) -> None:
    assert 0 < schedule.average_decay(step, 0.999) <= 0.999
