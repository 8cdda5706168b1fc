"""Measures engines on pairs of pictures: erased as ``erase_file`` erases, scored against the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from engines.core.context import Context
from engines.core.engine import Backend, Task, TextLine
from engines.core.faults import EngineError, Fault
from engines.core.types import Alpha, Mask, Pixels
from engines.evaluation.legibility import Legibility, legibility, lines_inside
from engines.evaluation.metrics import Scores, mean_scores
from engines.evaluation.protocol import MaskChoice, Scope, make_mask, score_scopes
from engines.evaluation.seam import Seam, seam
from engines.evaluation.texture import patch_distance
from engines.jobs.painting import painted, shown
from engines.jobs.pairs import Pair
from engines.media.images import read_mask, read_picture
from engines.pipeline.hole_shape import HoleShape, hole_shape
from engines.pipeline.mask_shape import MaskShape, loose_boxes, mask_shape
from engines.requests import Detected, DetectText, Erased, EraseImage, Runner

INPUT, TRUTH = "input", "truth"
"""Candidates that stand beside the engines: the picture as it was, and the truth itself."""


@dataclass(frozen=True, slots=True)
class Measuring:
    """What to measure: engines by id, which mask they are given, on what; ``read``: look for text afterwards.

    For objects texture and seam of the hole are measured in place of legibility.
    """

    engines: tuple[str, ...]
    mask: MaskChoice = MaskChoice.BOXES
    task: Task = Task.TEXT
    device: str = "auto"
    backend: Backend | None = None
    read: bool = True


@dataclass(frozen=True, slots=True)
class Measured:
    """One candidate on one picture.

    ``seconds`` of erasing and ``megapixels`` of the crops erased are 0 for the input and the truth. ``engine`` and
    ``device``: what ran, and on what; empty for these. ``legibility``, ``texture``, ``seam``: None where nobody
    looked. Without a truth there are no ``scores`` and no ``texture``.
    """

    scores: Mapping[Scope, Scores]
    legibility: Legibility | None = None
    texture: float | None = None
    seam: Seam | None = None
    seconds: float = 0.0
    megapixels: float = 0.0
    engine: str = ""
    device: str = ""


_Judge = Callable[[Pixels], Measured]


@dataclass(frozen=True, slots=True)
class MeasuredPicture:
    """One picture: what its mask and its hole are like, its share of the picture (0..1), every candidate on it."""

    name: str
    shape: MaskShape
    hole: HoleShape
    share: float
    candidates: Mapping[str, Measured]


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """What a contact sheet shows of a picture: ``(h, w, 3)`` uint8 results by candidate, and its ``(h, w)`` mask."""

    picture: MeasuredPicture
    mask: Alpha
    results: Mapping[str, Pixels]


@dataclass(frozen=True, slots=True)
class Summary:
    """One candidate over all pictures. ``means``: None where every picture equals its truth in that scope."""

    means: Mapping[Scope, Scores | None]
    legibility: Legibility | None
    texture: float | None
    seam: Seam | None
    seconds: float


def evaluate(
    runner: Runner, pairs: Sequence[Pair], how: Measuring, ctx: Context, on_row: Callable[[Row], None]
) -> list[MeasuredPicture]:
    """Every candidate on every pair; ``on_row`` is shown each picture's results before they are forgotten.

    Candidates are the input, the engines and the truth. Raises ``EngineError``.
    """
    rows: list[MeasuredPicture] = []
    for number, pair in enumerate(pairs):
        ctx.step(number / len(pairs), pair.name)
        row = _measured(runner, pair, how, ctx.part(number / len(pairs), 1 / len(pairs)))
        on_row(row)
        rows.append(row.picture)
    ctx.step(1.0, "done")
    return rows


def summary(rows: Sequence[MeasuredPicture], candidate: str) -> Summary:
    """One candidate's means over the pictures; legibility is counted over all lines of all pictures."""
    every = [row.candidates[candidate] for row in rows]
    read = [each.legibility for each in every if each.legibility is not None]
    return Summary(
        {scope: mean_scores([each.scores[scope] for each in every if scope in each.scores])[0] for scope in Scope},
        sum(read, Legibility()) if read else None,
        _mean([each.texture for each in every if each.texture is not None]),
        _mean_seam([each.seam for each in every if each.seam is not None]),
        sum(each.seconds for each in every) / len(every),
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _mean_seam(seams: Sequence[Seam]) -> Seam | None:
    colour, gradient = _mean([each.colour for each in seams]), _mean([each.gradient for each in seams])
    return None if colour is None or gradient is None else Seam(colour, gradient)


def _measured(runner: Runner, pair: Pair, how: Measuring, ctx: Context) -> Row:
    source = read_picture(pair.image).pixels
    image = shown(source)
    truth = _truth(pair, image)
    alpha, judged = _judge(runner, pair, how, image, truth)
    results, candidates = {INPUT: image}, {INPUT: judged(image)}
    for number, engine in enumerate(how.engines):
        request = EraseImage(engine, source, Mask.of(alpha), device=how.device, backend=how.backend, task=how.task)
        erased = _erased(runner, request, ctx.part(number / len(how.engines), 1 / len(how.engines)))
        results[engine] = shown(painted(source, erased))
        candidates[engine] = _with_costs(judged(results[engine]), erased)
    if truth is not None:
        results[TRUTH], candidates[TRUTH] = truth, judged(truth)
    shapes = mask_shape(alpha), hole_shape(source, Mask.of(alpha))
    return Row(MeasuredPicture(pair.name, *shapes, float((alpha > 0).mean()), candidates), alpha, results)


def _truth(pair: Pair, image: Pixels) -> Pixels | None:
    if pair.truth is None:
        return None
    truth = shown(read_picture(pair.truth).pixels)
    if image.shape != truth.shape:
        raise EngineError(Fault.BAD_INPUT, f"{pair.image.name} and {pair.truth.name} are of different sizes.")
    return truth


def _judge(runner: Runner, pair: Pair, how: Measuring, image: Pixels, truth: Pixels | None) -> tuple[Alpha, _Judge]:
    """The mask to erase, and what scores a result."""
    file = pair.shadow if how.mask is MaskChoice.SHADOW and pair.shadow else pair.mask
    given = read_mask(file, (image.shape[0], image.shape[1]))
    # text has a truth, and objects a mask that does not depend on it
    alpha = given if truth is None else make_mask(how.mask, image, truth, given)
    if not alpha.any():
        raise EngineError(Fault.BAD_INPUT, f"{file.name} is empty: there is nothing to erase.")
    if how.task is Task.OBJECT:
        return alpha, partial(_object_scores, truth, alpha)
    reader = _Reader(runner, how, image, loose_boxes(given)) if how.read else None

    def judged(result: Pixels) -> Measured:
        scores = {} if truth is None else score_scopes(result, truth, alpha)
        return Measured(scores, reader.left_in(result) if reader else None)

    return alpha, judged


def _object_scores(truth: Pixels | None, alpha: Alpha, result: Pixels) -> Measured:
    if truth is None:
        return Measured({}, seam=seam(result, alpha))
    return Measured(
        score_scopes(result, truth, alpha), texture=patch_distance(result, truth, alpha), seam=seam(result, alpha)
    )


def _erased(runner: Runner, request: EraseImage, ctx: Context) -> Erased:
    erased = runner.run(request, ctx)
    if not isinstance(erased, Erased):
        raise TypeError(erased)
    return erased


def _with_costs(measured: Measured, erased: Erased) -> Measured:
    return replace(
        measured,
        seconds=erased.seconds["erase"],
        megapixels=sum(patch.box.area for patch in erased.patches) / 1e6,
        engine=erased.engine,
        device=erased.device,
    )


class _Reader:
    """Looks for the text of one picture, in its ``region``."""

    def __init__(self, runner: Runner, how: Measuring, image: Pixels, region: Alpha) -> None:
        self._runner = runner
        self._device = how.device
        self._region = region
        self._erased = self._lines(image)

    def left_in(self, result: Pixels) -> Legibility:
        return legibility(self._erased, self._lines(result))

    def _lines(self, pixels: Pixels) -> list[TextLine]:
        detected = self._runner.run(DetectText(pixels, device=self._device), Context())
        if not isinstance(detected, Detected):
            raise TypeError(detected)
        return lines_inside(detected.found.lines, self._region)
