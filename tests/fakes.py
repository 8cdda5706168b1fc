"""Engines that do something simple, or something terrible, for tests of the session and the engine process.

A card names one with ``entry = "tests.fakes:FakeEraser"`` (``write_card``). ``open_fake_session`` is a
session that needs no cards: its engines go by the names in ``ERASERS``.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import numpy as np

from engines.core.context import Context
from engines.core.engine import (
    Backend,
    Card,
    FoundText,
    ImageEraser,
    Options,
    Role,
    Setup,
    Task,
    TextDetector,
    TextLine,
)
from engines.core.faults import EngineError, Fault
from engines.core.types import Alpha, FloatImage, Patch, Pixels, whole
from engines.requests import Detected, DetectText, Erased, EraseImage, Request, Result
from engines.worker.messages import WorkerConfig

MEGABYTE = 1 << 20


class _FakeEraser(ImageEraser):
    def __init__(self, setup: Setup) -> None:
        self.card = setup.card


class FakeEraser(_FakeEraser):
    """Fills the hole with the option ``value`` (0..1, default 0.5)."""

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        ctx.step(0.0, "filling")
        filled = np.where(alpha[..., None] > 0, np.float32(options.get("value", 0.5)), image).astype(np.float32)
        ctx.step(1.0, "filled")
        return filled


class EchoEraser(_FakeEraser):
    """Gives the picture back as it is, without a report."""

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        return image


class SteppingEraser(_FakeEraser):
    """Takes ``steps`` steps (default 10) of ``seconds`` each (default 0.02), with a preview at each."""

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        steps = int(options.get("steps", 10))
        for number in range(steps):
            ctx.step(number / steps, f"step {number}", image if ctx.wants_preview else None)
            time.sleep(float(options.get("seconds", 0.02)))
        ctx.step(1.0, "done")
        return image


class ChattyEraser(_FakeEraser):
    """Reports 20,000 times as fast as it can."""

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        for number in range(20_001):
            ctx.step(number / 20_000, str(number))
        return image


class HangingEraser(_FakeEraser):
    """Reports once, then neither ends nor steps."""

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        ctx.step(0.1, "hanging")
        while True:
            time.sleep(60)


class HungryEraser(_FakeEraser):
    """Allocates, down to the last kilobytes, under a limit (that stays) half a gigabyte above what the process has."""

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 512 * MEGABYTE, hard))
        hoard: list[Pixels] = []
        for size in (32 * MEGABYTE, MEGABYTE, MEGABYTE // 16):
            with contextlib.suppress(MemoryError):
                while True:
                    hoard.append(np.ones(size, np.uint8))
        while True:
            hoard.append(np.ones(4096, np.uint8))


class AbortingEraser(_FakeEraser):
    """Ends the process as a failed assertion in native code does."""

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        os.abort()


class SegfaultingEraser(_FakeEraser):
    """Ends the process as a wild pointer does."""

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        os.kill(os.getpid(), signal.SIGSEGV)
        return image


class ExitingEraser(_FakeEraser):
    """Ends the process with exit code 3, with no word to anybody."""

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        os._exit(3)


class FaultyEraser(_FakeEraser):
    """Has a bug."""

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        msg = "a bug for the test"
        raise ValueError(msg)


class RefusingEraser(_FakeEraser):
    """Raises the fault that the option ``fault`` names (default BAD_INPUT)."""

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        raise EngineError(Fault[str(options.get("fault", "BAD_INPUT"))], "It will not be done.", "Ask for less.")


class NoisyEraser(_FakeEraser):
    """Prints, from Python and past it, to stdout and stderr."""

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        print("noise from python")  # noqa: T201
        print("noise from python", file=sys.stderr)  # noqa: T201
        sys.stdout.flush()
        for stream in (1, 2):
            os.write(stream, b"noise from a library\n")
        return image


class ScriptedEraser(_FakeEraser):
    """Does what the option ``script`` says: names in ``ERASERS``, one after the other, parted by blanks."""

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        names = str(options.get("script", "")).split()
        for number, name in enumerate(names):
            ctx.step(number / len(names), name)
            image = make(name).erase(image, alpha, options, ctx.part(number / len(names), 1 / len(names)))
        return image


ERASERS: Mapping[str, type[ImageEraser]] = {
    "fill": FakeEraser,
    "echo": EchoEraser,
    "step": SteppingEraser,
    "chat": ChattyEraser,
    "hang": HangingEraser,
    "hunger": HungryEraser,
    "abort": AbortingEraser,
    "segfault": SegfaultingEraser,
    "exit": ExitingEraser,
    "bug": FaultyEraser,
    "refuse": RefusingEraser,
    "noise": NoisyEraser,
    "script": ScriptedEraser,
}


class FakeDetector(TextDetector):
    """Finds one line over the whole picture, and glyphs wherever the red channel is above 127."""

    def __init__(self, setup: Setup) -> None:
        self.card = setup.card

    def detect(self, image: Pixels, options: Options, ctx: Context) -> FoundText:
        ctx.step(0.0, "looking")
        height, width = image.shape[:2]
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        coverage = np.where(image[..., 0] > 127, np.uint8(255), np.uint8(0))
        return FoundText((TextLine(corners, str(options.get("says", "text")), 0.9),), coverage)


def card(engine: str, entry: str, role: Role = Role.IMAGE_ERASER) -> Card:
    """A card with the fewest fields that will do."""
    task = Task.TEXT if role is Role.IMAGE_ERASER else Task.FIND_TEXT
    return Card(engine, engine.title(), role, task, "For tests.", entry, "MIT", True, "tests")


def write_card(folder: Path, engine: str, entry: str, extra: str = "") -> Path:
    """Write ``<engine>.toml`` for an eraser that runs without weights; ``extra`` is more TOML."""
    lines = {"id": engine, "name": engine.title(), "role": "image-eraser", "task": "text", "summary": "For tests."}
    lines |= {"entry": entry, "licence": "MIT", "source": "tests"}
    text = "\n".join(f'{key} = "{value}"' for key, value in lines.items())
    path = folder / f"{engine}.toml"
    path.write_text(f"{text}\ncommercial = true\n{extra}\n", encoding="utf-8")
    return path


def make(name: str) -> ImageEraser:
    """A new engine of ``ERASERS``."""
    kind = ERASERS[name]
    return kind(Setup(card(name, f"{kind.__module__}:{kind.__name__}"), {}))


class FakeSession:
    """Runs the engines of ``ERASERS`` on the whole picture, without pipeline, cards or store."""

    def run(self, request: Request, ctx: Context) -> Result:
        if isinstance(request, DetectText):
            return self._detect(request, ctx)
        if not isinstance(request, EraseImage):
            raise TypeError(request)
        alpha = request.mask.dense(whole(request.image))
        scale = _scale(request.image)
        shown = request.image.astype(np.float32) / scale
        erased = make(request.engine).erase(shown, alpha, request.options, ctx)
        pixels = (erased * scale + (0.5 if scale > 1 else 0)).astype(request.image.dtype)
        patch = Patch(whole(pixels), pixels, alpha)
        return Erased((patch,), request.engine, "cpu", Backend.TORCH, 1, {}, 0, tuple(ctx.notes))

    def warm(self) -> None:
        """Nothing is slow here."""

    def close(self) -> None:
        """Nothing is held."""

    def _detect(self, request: DetectText, ctx: Context) -> Detected:
        says = " ".join(sorted(sys.modules)) if request.engine == "modules" else f"{os.getpid()}"
        detector = FakeDetector(Setup(card("text", "tests.fakes:FakeDetector", Role.TEXT_DETECTOR), {}))
        return Detected(detector.detect(request.image, {"says": says}, ctx), "cpu", {}, tuple(ctx.notes))


def open_fake_session(*folders: Path) -> FakeSession:
    """What ``WorkerConfig.session_factory`` names in tests."""
    del folders
    return FakeSession()


def open_broken_session(*folders: Path) -> FakeSession:
    """A factory that finds its catalogue broken."""
    raise EngineError(Fault.BAD_INPUT, f"The engine cards in {len(folders)} folders cannot be read.", "Repair them.")


def _scale(image: Pixels) -> float:
    return float(np.iinfo(cast("np.dtype[np.uint8]", image.dtype)).max) if image.dtype.kind == "u" else 1.0


class PoisonedConfig(WorkerConfig):
    """Ends the engine process while it is still starting."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (5,)
