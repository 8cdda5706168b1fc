"""From folders to a training run: gathers photos and fonts, builds the stream of samples, trains, judges the result."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from engines.core.context import Context
from engines.core.faults import EngineError, Fault
from engines.core.types import Pixels
from engines.requests import Detected, DetectText, Runner
from engines.training.loop import Outcome, Settings, Trainer
from engines.training.policy import StylePolicy
from engines.training.realism import ENOUGH, RealismJudge, drawn_lines, real_lines
from engines.training.recipes import Switches
from engines.training.stream import Maker, Mixed, SampleStream, StreamSettings
from engines.training.synthesis import Backgrounds, FontLibrary, Photo, PhotoSynthesiser, Synthesiser, list_folder, pack

SYSTEM_FONTS = ("/usr/share/fonts", "/Library/Fonts", "/System/Library/Fonts", "C:/Windows/Fonts")
"""Where text is drawn from when no folder of fonts is named; those that exist."""

_PHOTO_SIDE = 640
"""Short side in pixels to which a person's photos are reduced: they travel to every worker."""

_HELD_OUT_PHOTOS = 5
"""Every fifth of a person's photos is kept to measure with."""

_JUDGED_SIDE = 256
"""Side in pixels of the samples that the realism judge learns drawn lines from."""

TUNING_RATE = 2e-5
"""Learning rate where a run starts from weights that are good already."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to train with what. At least one of ``data`` (photos without text) and ``photos`` (a person's own).

    ``start``: weights to begin with. ``fonts``: folders to train with; ``held_out_fonts``: to measure with, the same
    ones where empty. ``policy``: whether the style of the samples follows what is still hard. ``strict``: leave out
    pictures whose licence would bind the weights.
    """

    engine: str
    folder: Path
    minutes: float
    data: Path | None = None
    photos: Path | None = None
    fonts: tuple[Path, ...] = ()
    held_out_fonts: tuple[Path, ...] = ()
    start: Path | None = None
    device: str = "cpu"
    resume: bool = False
    seed: int = 0
    workers: int = 1
    policy: bool = True
    strict: bool = True
    learning_rate: float | None = None
    switches: Switches = field(default_factory=Switches)


@dataclass(frozen=True, slots=True, eq=False)
class _Material:
    """What draws the samples to learn from, what those to measure with, and the person's photos among them."""

    training: Maker
    measuring: Maker
    photos: tuple[Photo, ...] = ()


def train(plan: Plan, finder: Runner, ctx: Context) -> Outcome:
    """Carry the plan out; ``finder`` looks for text in the person's photos.

    Raises ``EngineError`` or ``Cancelled``; what was learnt up to then is in the folder's checkpoint.
    """
    material = _material(plan, finder, ctx.part(0.0, 0.05))
    policy = StylePolicy() if plan.policy else None
    judge = _judge(material, plan.seed) if plan.policy else None
    tunes = plan.start is not None and not plan.resume
    settings = Settings(
        engine=plan.engine,
        folder=plan.folder,
        minutes=plan.minutes,
        device=plan.device,
        resume=plan.resume,
        start=plan.start,
        switches=plan.switches,
        learning_rate=plan.learning_rate or (TUNING_RATE if tunes else None),
    )
    trainer = Trainer(settings, policy)
    stream = StreamSettings(plan.seed, plan.workers, first=trainer.position)
    with closing(SampleStream(material.training, material.measuring, stream, policy, judge)) as source:
        return trainer.run(source, ctx.part(0.05, 0.95))


def _material(plan: Plan, finder: Runner, ctx: Context) -> _Material:
    fonts = FontLibrary.find(plan.fonts or _system_fonts())
    measured = FontLibrary.find(plan.held_out_fonts) if plan.held_out_fonts else fonts
    drawn = _drawn(plan, fonts, measured) if plan.data is not None else None
    if plan.photos is None:
        if drawn is None:
            raise EngineError(Fault.BAD_INPUT, "There is nothing to learn from.", "Name --data, --photos, or both.")
        return drawn
    own = _own(plan.photos, plan.strict, finder, ctx)
    kept = own[::_HELD_OUT_PHOTOS] if len(own) >= _HELD_OUT_PHOTOS else own
    learnt = tuple(photo for photo in own if photo not in kept) or own
    training: Maker = PhotoSynthesiser(learnt, fonts)
    measuring: Maker = PhotoSynthesiser(kept, measured)
    if drawn is None:
        return _Material(training, measuring, learnt)
    return _Material(Mixed(drawn.training, training), Mixed(drawn.measuring, measuring), learnt)


def _drawn(plan: Plan, fonts: FontLibrary, measured: FontLibrary) -> _Material:
    assert plan.data is not None
    packed = pack(list_folder(plan.data, plan.strict), plan.folder / "backgrounds.npy")
    learnt = Synthesiser(Backgrounds.packed(packed, held=False), fonts)
    return _Material(learnt, Synthesiser(Backgrounds.packed(packed, held=_some_held_out(packed)), measured))


def _judge(material: _Material, seed: int) -> RealismJudge | None:
    """Tells real lines from drawn ones, where the person's photos carry enough of them to learn that."""
    real = real_lines(material.photos)
    if len(real) < ENOUGH:
        return None
    rng = np.random.default_rng(seed)
    lines = drawn_lines(material.training.sample(rng, _JUDGED_SIDE) for _ in range(2 * ENOUGH))
    if len(lines) < ENOUGH:
        return None
    judge = RealismJudge()
    judge.learn(real, lines)
    return judge


def _some_held_out(packed: Path) -> bool | None:
    """True where some of the photos are held out; None (measure with all) where there are too few for that."""
    try:
        Backgrounds.packed(packed, held=True)
    except EngineError:
        return None
    return True


def _system_fonts() -> list[Path]:
    there = [Path(folder) for folder in SYSTEM_FONTS if Path(folder).is_dir()]
    if not there:
        raise EngineError(Fault.BAD_INPUT, "No fonts were found on this machine.", "Name a folder with --fonts.")
    return there


def _own(folder: Path, strict: bool, finder: Runner, ctx: Context) -> tuple[Photo, ...]:
    """The photos with the text they carry: it must never be asked to go, since what is under it is unknown."""
    photos: list[Photo] = []
    paths = [listed.path for listed in list_folder(folder, strict)]
    for number, path in enumerate(paths):
        part = ctx.part(number / len(paths), 1 / len(paths))
        part.step(0.0, f"looking for text in {path.name}")
        pixels = _reduced(path)
        found = finder.run(DetectText(pixels), part)
        assert isinstance(found, Detected)
        photos.append(Photo.of(pixels, found.found))
    return tuple(photos)


def _reduced(path: Path) -> Pixels:
    """An 8-bit RGB picture with a short side of at most ``_PHOTO_SIDE`` pixels."""
    bgr = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise EngineError(Fault.UNREADABLE, f"The photo {path.name} cannot be read.", "Remove it from the folder.")
    scale = _PHOTO_SIDE / min(bgr.shape[:2])
    if scale < 1:
        bgr = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(bgr[..., ::-1])
