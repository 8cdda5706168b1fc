"""Samples by the batch, made ahead of time in processes of their own.

What batch number ``n`` holds depends on the seed, ``n`` and what was asked for, not on how many workers there are
or how fast they run, so a resumed run goes on where the old one stopped.
"""

from __future__ import annotations

import multiprocessing
import queue
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import TYPE_CHECKING, Protocol, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.faults import EngineError, Fault
from engines.core.types import Alpha, FloatImage
from engines.training.policy import StylePolicy
from engines.training.realism import RealismJudge, drawn_lines
from engines.training.synthesis.sample import Sample
from engines.training.synthesis.style import Choices, Probabilities

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

_HELD_OUT = 0x7E57
_PATIENCE_S = 1.0


class Maker(Protocol):
    """What draws samples; pickled once to each worker."""

    def at(self, difficulty: float) -> Maker:
        """The same with another difficulty, 0..1."""
        ...

    def sample(self, rng: np.random.Generator, side: int, probabilities: Probabilities | None = None) -> Sample:
        """One sample of ``side`` pixels, from the generator alone."""
        ...


@dataclass(frozen=True, slots=True)
class Mixed:
    """Samples of ``first``, and of ``second`` with probability ``share``: drawn ones beside a person's photos."""

    first: Maker
    second: Maker
    share: float = 0.5

    def at(self, difficulty: float) -> Mixed:
        return Mixed(self.first.at(difficulty), self.second.at(difficulty), self.share)

    def sample(self, rng: np.random.Generator, side: int, probabilities: Probabilities | None = None) -> Sample:
        maker = self.second if rng.random() < self.share else self.first
        return maker.sample(rng, side, probabilities)


@dataclass(frozen=True, slots=True)
class Order:
    """One batch to make. ``probabilities``: the policy's at the time of asking, or None."""

    number: int
    count: int
    side: int
    difficulty: float
    probabilities: Probabilities | None = None

    def fits(self, count: int, side: int) -> bool:
        return (self.count, self.side) == (count, side)


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """A batch as it travels: pictures ``(n, s, s, 3)`` and maps ``(n, s, s)`` as uint8, choices ``(n, k)``."""

    image: NDArray[np.uint8]
    truth: NDArray[np.uint8]
    mask: Alpha
    stroke: Alpha
    choices: Choices

    def samples(self) -> list[Sample]:
        return [
            Sample(_floats(self.image[i]), _floats(self.truth[i]), self.mask[i], self.stroke[i], self.choices[i])
            for i in range(len(self.image))
        ]


def _floats(levels: NDArray[np.uint8]) -> FloatImage:
    return levels.astype(np.float32) * np.float32(1 / 255)


def _levels(pictures: Sequence[FloatImage]) -> NDArray[np.uint8]:
    return np.stack([np.round(picture * 255).astype(np.uint8) for picture in pictures])


def make(maker: Maker, order: Order, seed: int) -> Packed:
    """The batch that ``order`` asks for, its pictures rounded to 8 bits as files are."""
    ready = maker.at(order.difficulty)
    seeds = np.random.SeedSequence(seed, spawn_key=(order.number,)).spawn(order.count)
    made = [ready.sample(np.random.default_rng(s), order.side, order.probabilities) for s in seeds]
    return Packed(
        _levels([sample.image for sample in made]),
        _levels([sample.truth for sample in made]),
        np.stack([sample.mask for sample in made]),
        np.stack([sample.stroke for sample in made]),
        np.stack([sample.choices for sample in made]),
    )


def _work(maker: Maker, seed: int, orders: Queue[Order | None], results: Queue[Packed | Exception]) -> None:
    """A worker's life: one order after the other until None; a failure is handed over, not swallowed."""
    cv2.setNumThreads(1)
    while (order := orders.get()) is not None:
        try:
            results.put(make(maker, order, seed))
        except Exception as error:  # the parent raises it
            results.put(error)
            return


class _Worker:
    """A process with its orders and a bounded queue of results, both in order."""

    def __init__(self, context: SpawnContext, maker: Maker, seed: int, ahead: int) -> None:
        self._orders: Queue[Order | None] = context.Queue()
        self._results: Queue[Packed | Exception] = context.Queue(maxsize=ahead)
        self._process: SpawnProcess = context.Process(
            target=_work, args=(maker, seed, self._orders, self._results), daemon=True
        )
        self._process.start()

    def order(self, order: Order) -> None:
        self._orders.put(order)

    def result(self) -> Packed:
        while True:
            try:
                result = self._results.get(timeout=_PATIENCE_S)
            except queue.Empty:
                if not self._process.is_alive():
                    message = f"A process that draws training samples ended (exit code {self._process.exitcode})."
                    raise EngineError(Fault.CRASHED, message, "Start again with --resume.") from None
                continue
            if isinstance(result, Exception):
                raise result
            return result

    def close(self) -> None:
        self._process.terminate()
        self._process.join()
        self._process.close()
        for pipe in (self._orders, self._results):
            pipe.cancel_join_thread()
            pipe.close()


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """``workers``: processes; with none, batches are made when asked for. ``ahead``: batches each makes before.

    ``first``: the number of the first batch, to go on after a stop (``SampleStream.position``).
    """

    seed: int = 0
    workers: int = 1
    ahead: int = 3
    first: int = 0


class SampleStream:
    """Batches in order, made ahead of time. Use as a context manager, or ``close`` it.

    ``held_out``: what makes the samples that are measured with. ``policy``: steers the style once the
    difficulty has reached 1; ``judge`` tells it how real the samples look, where it has learnt that.
    """

    def __init__(
        self,
        maker: Maker,
        held_out: Maker,
        settings: StreamSettings | None = None,
        policy: StylePolicy | None = None,
        judge: RealismJudge | None = None,
    ) -> None:
        self.policy = policy
        self.judge = judge
        self.settings = settings or StreamSettings()
        self._maker, self._held_out = maker, held_out
        self._next = self.settings.first
        self._pending: deque[Order] = deque()
        self._last: list[Sample] = []
        context = multiprocessing.get_context("spawn")
        self._workers = [
            _Worker(context, maker, self.settings.seed, self.settings.ahead) for _ in range(self.settings.workers)
        ]

    @property
    def position(self) -> int:
        """The number of the batch that ``take`` gives next."""
        return self._pending[0].number if self._pending else self._next

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take(self, count: int, side: int, difficulty: float) -> list[Sample]:
        """The next ``count`` samples of ``side`` pixels.

        What was made ahead is of the difficulty and policy of the time it was ordered; if count or side
        change, it is thrown away.
        """
        if not self._workers:
            packed = make(self._maker, self._order(count, side, difficulty), self.settings.seed)
        else:
            packed = self._collect(count, side, difficulty)
        self._last = packed.samples()
        return self._last

    def _collect(self, count: int, side: int, difficulty: float) -> Packed:
        while self._pending and not self._pending[0].fits(count, side):
            self._worker_of(self._pending.popleft()).result()
        while len(self._pending) < self.settings.ahead * len(self._workers):
            order = self._order(count, side, difficulty)
            self._pending.append(order)
            self._worker_of(order).order(order)
        return self._worker_of(self._pending.popleft()).result()

    def _worker_of(self, order: Order) -> _Worker:
        return self._workers[order.number % len(self._workers)]

    def _order(self, count: int, side: int, difficulty: float) -> Order:
        order = Order(self._next, count, side, difficulty)
        self._next += 1
        if self.policy is None or difficulty < 1:
            return order
        return replace(order, probabilities=self.policy.probabilities())

    def learn(self, losses: Sequence[float]) -> None:
        """Hear the loss per hole of each sample of the last ``take``; samples without a hole teach nothing."""
        if self.policy is None:
            return
        if len(losses) != len(self._last):
            msg = f"{len(losses)} losses for {len(self._last)} samples"
            raise ValueError(msg)
        told = [(sample, loss) for sample, loss in zip(self._last, losses, strict=True) if sample.stroke.any()]
        if not told:
            return
        odds = self._log_odds([sample for sample, _ in told])
        rewards = self.policy.reward([loss for _, loss in told], odds)
        self.policy.update([sample.choices for sample, _ in told], rewards)

    def _log_odds(self, samples: Sequence[Sample]) -> Sequence[float] | None:
        if self.judge is None or not self.judge.ready:
            return None
        # each of these has a stroke, and so a line
        return [float(odds) for odds in self.judge.log_odds(drawn_lines(samples))]

    def held_out(self, count: int, side: int) -> list[Sample]:
        """Always the same samples, at full difficulty and the plain shares of styles."""
        return make(self._held_out, Order(0, count, side, 1.0), _HELD_OUT).samples()

    def close(self) -> None:
        """Stop the workers; what they made ahead is lost."""
        for worker in self._workers:
            worker.close()
        self._workers = []
