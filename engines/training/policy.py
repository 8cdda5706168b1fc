"""A style policy: leans the drawing of text towards what the eraser still finds hard, and towards real text.

In the spirit of the two rewards of *Self-Supervised Text Erasing with Controllable Image Synthesis* (2022), with
independent categorical choices instead of a recurrent controller, rewards free of scale, and a floor under every
value, so that diversity is never lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.training.synthesis.style import ATTRIBUTES, SPANS, TOTAL, Choices, Probabilities, prior

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """``floor``: the share of every attribute's probability that is spread evenly over its values, for ever.

    ``target``: how much harder than the average a sample should be; there the difficulty reward peaks.
    ``realism``: weight of the realism reward beside it. ``memory``: decay of the running means.
    """

    rate: float = 5e-2
    floor: float = 0.2
    entropy: float = 1e-2
    target: float = 1.7
    realism: float = 2.0
    memory: float = 0.95


class _RunningMean:
    """An exponential mean that starts at what it first sees, not at 0."""

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self.value: float | None = None

    def add(self, values: Floats) -> float:
        """Take in a batch; returns the mean as it was before, so that rewards do not see themselves."""
        now = float(values.mean())
        before = now if self.value is None else self.value
        self.value = now if self.value is None else self._memory * self.value + (1 - self._memory) * now
        return before


def difficulty_reward(losses: Floats, usual: float, target: float) -> Floats:
    """1 where a loss is ``target`` times the usual one, falling to 0 at 0 and at twice that. Losses: per hole."""
    ratio = losses / max(usual, 1e-12)
    return np.asarray(1 - np.minimum(1, np.abs(ratio - target) / target), np.float64)


def realism_reward(log_odds: Floats) -> Floats:
    """Log-odds of being real text, clipped to -3..3 and standardised over the batch."""
    clipped = np.clip(log_odds, -3, 3)
    return np.asarray((clipped - clipped.mean()) / max(float(clipped.std()), 1e-6), np.float64)


class StylePolicy:
    """One softmax per attribute, learned by REINFORCE (Williams, 1992) with a running baseline.

    The probability of a value is ``(1 - floor) * softmax + floor / n``.
    """

    def __init__(self, settings: PolicySettings | None = None, start: Probabilities | None = None) -> None:
        self.settings = settings or PolicySettings()
        self.logits = _logits_of(prior(1.0) if start is None else start, self.settings.floor)
        self._losses = _RunningMean(self.settings.memory)
        self._rewards = _RunningMean(self.settings.memory)

    def probabilities(self) -> Probabilities:
        """Of all values, ``(TOTAL,)``; each at least floor / n."""
        return np.concatenate([self._mixed(span)[0] for span in SPANS])

    def _mixed(self, span: slice) -> tuple[Floats, Floats]:
        raised = np.exp(self.logits[span] - self.logits[span].max())
        soft = raised / raised.sum()
        return (1 - self.settings.floor) * soft + self.settings.floor / len(soft), soft

    def reward(self, losses: Sequence[float], log_odds: Sequence[float] | None = None) -> Floats:
        """The reward of each sample from its loss per hole and, where known, its log-odds of looking real."""
        hard = np.asarray(losses, np.float64)
        total = difficulty_reward(hard, self._losses.add(hard), self.settings.target)
        if log_odds is not None:
            total = total + self.settings.realism * realism_reward(np.asarray(log_odds, np.float64))
        return total

    def update(self, choices: Sequence[Choices], rewards: Floats) -> None:
        """One ascent step. ``choices``: one vector per sample, -1 where a value had no effect."""
        if len(choices) != len(rewards):
            msg = f"{len(choices)} samples but {len(rewards)} rewards"
            raise ValueError(msg)
        if not len(rewards):
            return
        advantage = rewards - self._rewards.add(rewards)
        self.logits += self.settings.rate * self.gradient(choices, advantage)

    def gradient(self, choices: Sequence[Choices], advantage: Floats) -> Floats:
        """Of the mean of advantage * log-probability + entropy, with respect to the logits, ``(TOTAL,)``."""
        total = np.zeros(TOTAL)
        for number, span in enumerate(SPANS):
            mixed, soft = self._mixed(span)
            total[span] = sum(
                (
                    self._one(int(chosen[number]), float(gain), mixed, soft)
                    for chosen, gain in zip(choices, advantage, strict=True)
                    if chosen[number] >= 0
                ),
                np.zeros(len(soft)),
            )
        return total / len(choices)

    def _one(self, value: int, gain: float, mixed: Floats, soft: Floats) -> Floats:
        slope = 1 - self.settings.floor
        onehot = np.zeros(len(soft))
        onehot[value] = 1
        likelihood = slope * soft[value] * (onehot - soft) / mixed[value]
        pull = -(np.log(mixed) + 1) * soft
        spread = slope * (pull - soft * pull.sum())
        return np.asarray(gain * likelihood + self.settings.entropy * spread, np.float64)

    def describe(self) -> dict[str, dict[str, float]]:
        """The probabilities by name, for a log."""
        mixed = self.probabilities()
        return {
            a.values.__name__.lower(): {
                value.name.lower(): round(float(p), 4) for value, p in zip(a.values, mixed[span], strict=True)
            }
            for a, span in zip(ATTRIBUTES, SPANS, strict=True)
        }

    def state(self) -> dict[str, Floats]:
        """All that a resumed run needs."""
        means = [np.nan if m.value is None else m.value for m in (self._losses, self._rewards)]
        return {"logits": self.logits.copy(), "means": np.array(means)}

    def restore(self, state: Mapping[str, Floats]) -> None:
        """Go on from ``state()``. Raises ``ValueError`` if it is of another style space."""
        if state["logits"].shape != (TOTAL,):
            msg = f"the policy has {state['logits'].shape} logits, not ({TOTAL},)"
            raise ValueError(msg)
        self.logits = np.array(state["logits"], np.float64)
        for mean, value in zip((self._losses, self._rewards), state["means"], strict=True):
            mean.value = None if np.isnan(value) else float(value)


def _logits_of(probabilities: Probabilities, floor: float) -> Floats:
    """Logits whose floored softmax comes as near to ``probabilities`` as the floor lets it."""
    parts = []
    for span in SPANS:
        shares = probabilities[span]
        soft = np.maximum((shares - floor / len(shares)) / (1 - floor), 1e-3)
        parts.append(np.log(soft / soft.sum()))
    return np.concatenate(parts)
