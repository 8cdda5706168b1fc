"""Measures video engines on clips whose truth is known, with Telea frame by frame beside."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from engines.core.context import Context
from engines.core.engine import Card, Tracked
from engines.core.faults import EngineError, Fault
from engines.core.tracks import MaskTrack, TrackKind
from engines.core.types import Alpha, Mask, Pixels
from engines.evaluation.film_metrics import FilmJudge, FilmScores, TrueMotion
from engines.jobs.clean_film import Cleaning, FilmEngines, clean_film
from engines.jobs.footage import Footage
from engines.jobs.painting import shown
from engines.media.film.reader import open_film
from engines.pipeline.cuts import CutFinder

BASELINE = "telea"
"""What every engine is held against: each frame by itself, by Telea's method."""

_BASELINE_RADIUS = 3


@dataclass(frozen=True, slots=True)
class ClipFiles:
    """One clip: with the thing, without, and where it is; each a film or a folder of frames."""

    name: str
    video: Path
    truth: Path
    mask: Path


@dataclass(frozen=True, slots=True)
class MeasuringFilm:
    """Which video engines, what paints the rest, on what; ``frames``: only so many from the start of each clip."""

    engines: tuple[str, ...]
    fill: str = "auto"
    device: str = "auto"
    frames: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredClip:
    """``share``: of the pixels, how many are erased (0..1). ``scores`` and seconds per frame by candidate."""

    name: str
    frames: int
    size: tuple[int, int]
    share: float
    scores: Mapping[str, FilmScores]
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class FilmRow:
    """One frame from the middle of a clip, for the eye: pictures by candidate, and the mask."""

    clip: MeasuredClip
    pictures: Mapping[str, Pixels]
    mask: Alpha


class Engines(FilmEngines, Protocol):
    """A session."""

    @property
    def catalog(self) -> Mapping[str, Card]:
        """All cards."""
        ...


def find_clips(folder: Path) -> list[ClipFiles]:
    """The clips in ``folder``, by name: NAME_video, NAME_gt and NAME_mask, films or folders. Raises ``EngineError``."""
    names = sorted({path.name.split("_video")[0] for path in folder.glob("*_video*")})
    if not names:
        raise EngineError(
            Fault.BAD_INPUT,
            f"{folder} is no set of clips: it holds nothing called NAME_video.*.",
            "Each clip needs its NAME_gt.* without the thing and its NAME_mask.*, white where it is.",
        )
    return [ClipFiles(name, *(_only(folder, f"{name}_{part}") for part in ("video", "gt", "mask"))) for name in names]


def _only(folder: Path, stem: str) -> Path:
    found = sorted(path for path in folder.glob(f"{stem}*") if path.stem == stem)
    if len(found) != 1:
        what = "nothing" if not found else "more than one thing"
        raise EngineError(Fault.BAD_INPUT, f"The set has {what} called {stem}.", "Each clip needs one.")
    return found[0]


def evaluate_films(
    engines: FilmEngines,
    clips: Sequence[ClipFiles],
    how: MeasuringFilm,
    ctx: Context,
    on_row: Callable[[FilmRow], None],
) -> list[MeasuredClip]:
    """Every candidate on every clip; ``on_row`` is shown a frame of each. Raises ``EngineError``."""
    rows = []
    for number, clip in enumerate(clips):
        ctx.step(number / len(clips), clip.name)
        row = _measured(engines, clip, how, ctx.part(number / len(clips), 1 / len(clips)))
        on_row(row)
        rows.append(row.clip)
    ctx.step(1.0, "done")
    return rows


def _measured(engines: FilmEngines, files: ClipFiles, how: MeasuringFilm, ctx: Context) -> FilmRow:
    with ExitStack() as stack:
        video, truth, mask = (stack.enter_context(open_film(path)) for path in (files.video, files.truth, files.mask))
        work = _Clip(files.name, video, truth, mask, how.frames)
        scores: dict[str, FilmScores] = {}
        seconds: dict[str, float] = {}
        pictures: dict[str, Pixels] = {"input": work.frame(work.middle)}
        for place, name in enumerate((BASELINE, *how.engines)):
            begin = time.perf_counter()
            part = ctx.part(place / (1 + len(how.engines)), 1 / (1 + len(how.engines)))
            results = work.telea() if name == BASELINE else work.cleaned(engines, name, how, part)
            scores[name], pictures[name], spent = work.judged(results, part, name)
            seconds[name] = (time.perf_counter() - begin - spent) / work.count
        pictures["truth"] = work.true(work.middle)
        clip = MeasuredClip(files.name, work.count, work.size, work.share, scores, seconds)
        return FilmRow(clip, pictures, work.masks[work.middle])


class _Clip:
    """An opened clip, whose masks are all in memory (they are small), its frames never."""

    def __init__(self, name: str, video: Footage, truth: Footage, mask: Footage, limit: int | None) -> None:
        lengths = {len(video), len(truth), len(mask)}
        if len(lengths) != 1:
            raise EngineError(Fault.BAD_INPUT, f"The films of the clip {name} have different numbers of frames.")
        self.name = name
        self.count = min(len(video), limit or len(video))
        self._video, self._truth = video, truth
        self.masks = [_covered(frame.pixels) for frame in mask.frames(0, self.count)]
        self.size = (self.masks[0].shape[0], self.masks[0].shape[1])
        shapes = {self.frame(0).shape[:2], self.true(0).shape[:2], self.size}
        if len(shapes) != 1:
            raise EngineError(Fault.BAD_INPUT, f"The films of the clip {name} are of different sizes.")
        if not any(alpha.any() for alpha in self.masks):
            raise EngineError(Fault.BAD_INPUT, f"The mask of the clip {name} is empty: there is nothing to erase.")

    @property
    def middle(self) -> int:
        """A frame to show: of those with a mask the one in the middle."""
        covered = [number for number, alpha in enumerate(self.masks) if alpha.any()]
        return covered[len(covered) // 2]

    @property
    def share(self) -> float:
        return float(np.mean([(alpha > 0).mean() for alpha in self.masks]))

    def frame(self, number: int) -> Pixels:
        return shown(self._video.frame(number).pixels)

    def true(self, number: int) -> Pixels:
        return shown(self._truth.frame(number).pixels)

    def frames(self) -> Iterator[Pixels]:
        return (shown(frame.pixels) for frame in self._video.frames(0, self.count))

    def telea(self) -> Iterator[Pixels]:
        for frame, alpha in zip(self.frames(), self.masks, strict=True):
            hole = np.where(alpha > 0, np.uint8(255), np.uint8(0))
            yield np.asarray(cv2.inpaint(frame, hole, _BASELINE_RADIUS, cv2.INPAINT_TELEA), np.uint8)

    def cleaned(self, engines: FilmEngines, name: str, how: MeasuringFilm, ctx: Context) -> Iterator[Pixels]:
        made = {number: Tracked(Mask.of(alpha), 1.0) for number, alpha in enumerate(self.masks)}
        track = MaskTrack(self.name, TrackKind.TRACKED, self.size, made=made, engine=name)
        what = Cleaning((track,), how.fill, device=how.device)
        patches = clean_film(engines, self.frames(), what, ctx)
        for frame, made_here in zip(self.frames(), patches, strict=True):
            result: Pixels = frame.copy()
            for patch in made_here:
                patch.paint(result)
            yield result

    def judged(self, results: Iterator[Pixels], ctx: Context, note: str) -> tuple[FilmScores, Pixels, float]:
        """The scores, the frame in the middle, and how many seconds judging took."""
        judge, motion, cuts = FilmJudge(), TrueMotion(), CutFinder()
        spent, kept = 0.0, self.frame(self.middle)
        truths = (shown(frame.pixels) for frame in self._truth.frames(0, self.count))
        for number, result in enumerate(results):
            ctx.step(number / self.count, f"{self.name}: {note}")
            begin = time.perf_counter()
            truth = next(truths)
            judge.add(result, truth, self.masks[number], motion.to(truth, cut=cuts.is_cut(truth)))
            kept = result if number == self.middle else kept
            spent += time.perf_counter() - begin
        return judge.scores, kept, spent


def _covered(picture: Pixels) -> Alpha:
    return np.where(shown(picture).max(axis=2) > 127, np.uint8(255), np.uint8(0))


def sheet(rows: Sequence[FilmRow]) -> Pixels:
    """One picture, ``(h, w, 3)`` uint8: a strip for every clip, with the figures below."""
    strips = [np.hstack([_cell(row, name) for name in row.pictures]) for row in rows]
    width = max(strip.shape[1] for strip in strips)
    return np.vstack([np.pad(s, ((0, 0), (0, width - s.shape[1]), (0, 0)), constant_values=255) for s in strips])


_CELL, _LINE = 320, 20


def _cell(row: FilmRow, name: str) -> Pixels:
    picture = row.pictures[name]
    if name == "input":
        outlines, _ = cv2.findContours(row.mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        picture = cv2.drawContours(np.ascontiguousarray(picture).copy(), outlines, -1, (230, 40, 40), 2)
    height = max(round(picture.shape[0] * _CELL / picture.shape[1]), 1)
    small = cv2.resize(picture, (_CELL, height), interpolation=cv2.INTER_AREA)
    page = np.full((height + 2 * _LINE + 8, _CELL + 8, 3), 255, np.uint8)
    page[_LINE : _LINE + height, :_CELL] = small
    title = f"{row.clip.name}: {name}" if name == "input" else name
    cv2.putText(page, title, (2, _LINE - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (30, 30, 34), 1, cv2.LINE_AA)
    scores = row.clip.scores.get(name)
    if scores is not None:
        figures = f"{scores.psnr:.1f} dB, flicker {scores.flicker:.2f}"
        place = (2, height + _LINE + 15)
        cv2.putText(page, figures, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (120, 120, 128), 1, cv2.LINE_AA)
    return page
