"""Measures engines on pairs of pictures: erased as ``erase_file`` erases, scored against the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engines.core.context import Context
from engines.core.engine import Backend, TextLine
from engines.core.faults import EngineError, Fault
from engines.core.types import Alpha, Mask, Pixels
from engines.evaluation.legibility import Legibility, legibility, lines_inside
from engines.evaluation.metrics import Scores, mean_scores
from engines.evaluation.protocol import MaskChoice, Scope, make_mask, score_scopes
from engines.jobs.painting import painted, shown
from engines.media.images import read_mask, read_picture
from engines.pipeline.mask_shape import MaskShape, loose_boxes, mask_shape
from engines.requests import Detected, DetectText, Erased, EraseImage, Runner

INPUT, TRUTH = "input", "truth"
"""Candidates that stand beside the engines: the picture as it was, and the truth itself."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The files of one picture: with text, without, and where the text is."""

    name: str
    image: Path
    truth: Path
    mask: Path


@dataclass(frozen=True, slots=True)
class Measuring:
    """What to measure: engines by id, which mask they are given, on what; ``read``: look for text afterwards."""

    engines: tuple[str, ...]
    mask: MaskChoice = MaskChoice.BOXES
    device: str = "auto"
    backend: Backend | None = None
    read: bool = True


@dataclass(frozen=True, slots=True)
class Measured:
    """One candidate on one picture.

    ``seconds`` of erasing and ``megapixels`` of the crops erased are 0 for the input and the truth. ``engine`` and
    ``device``: what ran, and on what; empty for these. ``legibility``: None where nobody looked.
    """

    scores: Mapping[Scope, Scores]
    legibility: Legibility | None = None
    seconds: float = 0.0
    megapixels: float = 0.0
    engine: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class MeasuredPicture:
    """One picture: what its mask is like, its share of the picture (0..1), and every candidate on it."""

    name: str
    shape: MaskShape
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
    seconds: float


def find_pairs(folder: Path) -> list[Pair]:
    """The pairs in ``folder``, by name: NAME_image.*, NAME_gt.* and NAME_mask.png. Raises ``EngineError``."""
    names = sorted({path.name[: path.name.rindex("_image.")] for path in folder.glob("*_image.*")})
    if not names:
        raise EngineError(
            Fault.BAD_INPUT,
            f"{folder} is no data set: it holds no pictures called NAME_image.*.",
            "Each needs its NAME_gt.* without text and its NAME_mask.png, white where the text is.",
        )
    return [Pair(name, *(_only(folder, f"{name}_{part}") for part in ("image", "gt", "mask"))) for name in names]


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
        {scope: mean_scores([each.scores[scope] for each in every])[0] for scope in Scope},
        sum(read, Legibility()) if read else None,
        sum(each.seconds for each in every) / len(every),
    )


def _only(folder: Path, stem: str) -> Path:
    found = sorted(folder.glob(f"{stem}.*"))
    if len(found) != 1:
        what = "no file" if not found else "more than one file"
        raise EngineError(Fault.BAD_INPUT, f"The data set has {what} called {stem}.*.", "Each picture needs one.")
    return found[0]


def _measured(runner: Runner, pair: Pair, how: Measuring, ctx: Context) -> Row:
    source = read_picture(pair.image).pixels
    image, truth = shown(source), shown(read_picture(pair.truth).pixels)
    if image.shape != truth.shape:
        raise EngineError(Fault.BAD_INPUT, f"{pair.image.name} and {pair.truth.name} are of different sizes.")
    given = read_mask(pair.mask, (image.shape[0], image.shape[1]))
    alpha = make_mask(how.mask, image, truth, given)
    if not alpha.any():
        raise EngineError(Fault.BAD_INPUT, f"{pair.mask.name} is empty: there is nothing to erase.")
    reader = _Reader(runner, how, image, loose_boxes(given)) if how.read else None

    def judged(result: Pixels) -> Measured:
        return Measured(score_scopes(result, truth, alpha), reader.left_in(result) if reader else None)

    results, candidates = {INPUT: image}, {INPUT: judged(image)}
    for number, engine in enumerate(how.engines):
        request = EraseImage(engine, source, Mask.of(alpha), device=how.device, backend=how.backend)
        erased = _erased(runner, request, ctx.part(number / len(how.engines), 1 / len(how.engines)))
        results[engine] = shown(painted(source, erased))
        candidates[engine] = _with_costs(judged(results[engine]), erased)
    results[TRUTH] = truth
    candidates[TRUTH] = judged(truth)
    share = float((alpha > 0).mean())
    return Row(MeasuredPicture(pair.name, mask_shape(alpha), share, candidates), alpha, results)


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
