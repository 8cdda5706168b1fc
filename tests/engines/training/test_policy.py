"""The policy: finds what pays, learns nothing from what had no effect, and never loses a value."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engines.core.types import FloatImage
from engines.training.policy import PolicySettings, StylePolicy, difficulty_reward, realism_reward
from engines.training.realism import ENOUGH, RealismJudge, describe, line_box
from engines.training.synthesis.style import COUNTS, NUMBER, SPANS, TOTAL, Fill, Outline, Scene, draw_style, prior


def drawn(policy: StylePolicy, rng: np.random.Generator, count: int) -> list[np.ndarray]:
    shares = policy.probabilities()
    return [draw_style(rng, shares).choices() for _ in range(count)]


def test_it_starts_at_the_prior() -> None:
    assert np.abs(StylePolicy().probabilities() - prior(1.0)).max() < 0.02


def test_a_toy_bandit_converges() -> None:
    rng = np.random.default_rng(0)
    policy = StylePolicy(PolicySettings(rate=1.0))
    number = NUMBER[Scene]
    for _ in range(120):
        choices = drawn(policy, rng, 8)
        rewards = np.array([1.0 if c[number] == Scene.OVERPRINT else 0.0 for c in choices])
        policy.update(choices, rewards)
    shares = policy.probabilities()[SPANS[number]]
    assert int(shares.argmax()) == Scene.OVERPRINT
    assert shares.max() > 0.6


def test_no_value_falls_below_the_floor() -> None:
    policy = StylePolicy(PolicySettings(rate=50.0))
    rng = np.random.default_rng(0)
    for _ in range(50):
        policy.update(drawn(policy, rng, 8), rng.normal(0, 10, 8))
    shares = policy.probabilities()
    for span, count in zip(SPANS, COUNTS, strict=True):
        assert shares[span].min() >= 0.2 / count - 1e-12
        assert shares[span].sum() == pytest.approx(1)


def test_attributes_without_effect_get_no_gradient() -> None:
    policy = StylePolicy()
    choices = np.full(len(SPANS), -1)
    choices[NUMBER[Scene]] = Scene.SIGN
    gradient = policy.gradient([choices, choices], np.array([1.0, -0.3]))
    for number, span in enumerate(SPANS):
        assert bool(gradient[span].any()) == (number == NUMBER[Scene])


def test_the_gradient_is_that_of_the_objective() -> None:
    policy = StylePolicy(PolicySettings(entropy=0.3))
    rng = np.random.default_rng(3)
    policy.logits = rng.normal(0, 1, TOTAL)
    choices = drawn(policy, rng, 5)
    gains = rng.normal(0, 1, 5)

    def objective(logits: np.ndarray) -> float:
        policy.logits = logits
        shares = policy.probabilities()
        total = 0.0
        for chosen, gain in zip(choices, gains, strict=True):
            for value, span in zip(chosen, SPANS, strict=True):
                if value >= 0:
                    part = shares[span]
                    total += gain * np.log(part[value]) - 0.3 * float(part @ np.log(part))
        return total / 5

    at = policy.logits.copy()
    gradient = policy.gradient(choices, gains)
    for index in range(0, TOTAL, 4):
        step = np.zeros(TOTAL)
        step[index] = 1e-5
        slope = (objective(at + step) - objective(at - step)) / 2e-5
        assert gradient[index] == pytest.approx(slope, abs=1e-6)


def test_the_difficulty_reward_peaks_at_the_target_and_has_no_scale() -> None:
    losses = np.array([0.0, 0.5, 1.0, 1.7, 3.4, 10.0])
    rewards = difficulty_reward(losses, 1.0, 1.7)
    assert rewards.argmax() == 3
    assert rewards[3] == pytest.approx(1)
    assert rewards[0] == rewards[4] == rewards[5] == pytest.approx(0)
    assert np.allclose(difficulty_reward(losses * 1e-3, 1e-3, 1.7), rewards)


def test_the_realism_reward_is_clipped_and_standardised() -> None:
    rewards = realism_reward(np.array([-50.0, 0.0, 50.0]))
    assert rewards.mean() == pytest.approx(0)
    assert rewards.std() == pytest.approx(1)
    assert np.allclose(realism_reward(np.zeros(4)), 0)


def test_it_goes_on_where_it_was() -> None:
    rng = np.random.default_rng(0)
    first = StylePolicy()
    for _ in range(3):
        first.update(drawn(first, rng, 4), first.reward([0.1, 0.2, 0.3, 0.4]))
    second = StylePolicy()
    second.restore(first.state())
    choices = drawn(first, rng, 4)
    for policy in (first, second):
        policy.update(choices, policy.reward([0.3, 0.1, 0.5, 0.2]))
    assert np.array_equal(first.logits, second.logits)
    with pytest.raises(ValueError, match="logits"):
        second.restore({"logits": np.zeros(3), "means": np.zeros(2)})


def test_samples_and_rewards_must_match() -> None:
    with pytest.raises(ValueError, match="rewards"):
        StylePolicy().update([np.zeros(len(SPANS), np.int64)], np.zeros(2))


def test_it_can_be_read() -> None:
    told = StylePolicy().describe()
    assert set(told["fill"]) == {value.name.lower() for value in Fill}
    assert sum(told["outline"].values()) == pytest.approx(1, abs=1e-3)
    assert len(told["outline"]) == len(Outline)


def lines(rng: np.random.Generator, soft: bool) -> list[np.ndarray]:
    rows = []
    for _ in range(ENOUGH):
        page = np.full((24, 90, 3), rng.integers(256), np.uint8)
        colour = tuple(int(level) for level in rng.integers(0, 256, 3))
        cv2.putText(page, "abcde"[: rng.integers(2, 6)], (3, 19), 0, 0.7, colour, 2)
        picture: FloatImage = page.astype(np.float32) / np.float32(255)
        if soft:
            picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 2.0), np.float32)
        box = line_box(np.where(np.abs(np.diff(picture.sum(axis=2), axis=1)) > 0.05, np.uint8(255), np.uint8(0)))
        if box is not None:
            rows.append(describe(picture, box))
    return rows


def test_the_judge_tells_soft_lines_from_sharp_ones() -> None:
    rng = np.random.default_rng(0)
    real, sharp = lines(rng, soft=True), lines(rng, soft=False)
    both = min(len(real), len(sharp))
    real, sharp = (real + real)[:ENOUGH], (sharp + sharp)[:ENOUGH]
    judge = RealismJudge()
    assert not judge.ready
    judge.learn(real, sharp)
    assert both > ENOUGH // 2
    assert judge.log_odds(real).mean() > 1
    assert judge.log_odds(sharp).mean() < -1


def test_the_judge_wants_enough_lines() -> None:
    with pytest.raises(ValueError, match="200"):
        RealismJudge().learn([np.zeros(3)] * 5, [np.zeros(3)] * 500)
    with pytest.raises(ValueError, match="not learnt"):
        RealismJudge().log_odds([np.zeros(3)])


def test_no_stroke_has_no_line() -> None:
    assert line_box(np.zeros((20, 20), np.uint8)) is None
