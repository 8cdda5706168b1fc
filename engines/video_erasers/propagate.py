"""The video eraser that needs no weights: paints every hole with what other frames show there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engines.core.context import Context
from engines.core.engine import Fill, Options, Setup, VideoEraser
from engines.core.types import Alpha, FloatImage
from engines.pipeline.flow import FlowMeter
from engines.pipeline.shot import Shot, Small, luma
from engines.pipeline.still import lit_like, median_behind, stands_still
from engines.pipeline.tracing import BLOCK, Painter, Ways, carry_key_frames, closed, coverage, trace

_WORTH_A_SECOND_LOOK = 0.2
"""The share of a shot's holes that must have been traced for measuring the motion again with them filled."""


class Propagate(VideoEraser):
    """Traces hole pixels along optical flow to the frames that show them; a still camera needs no flow."""

    def __init__(self, setup: Setup) -> None:
        """There is nothing to load."""

    def erase(
        self, frames: Sequence[FloatImage], alphas: Sequence[Alpha], options: Options, fill: Fill, ctx: Context
    ) -> Sequence[FloatImage]:
        if not any(alpha.any() for alpha in alphas):
            return frames
        shot = Shot.of(frames, alphas, lambda done: ctx.step(0.05 * done, "looking at the frames"))
        guides = shot.guides()
        if stands_still([luma(guide) for guide in guides], shot.holes):
            return _behind(shot, frames, alphas, fill, ctx.part(0.05, 0.95))
        painter = Painter(shot, frames, [alpha > 0 for alpha in alphas], shot.scale)
        meter = FlowMeter(quick=bool(options["quick"]))
        shot.measure(meter, guides, lambda done: ctx.step(0.05 + 0.35 * done, "measuring motion"))
        ways = trace(shot)
        if options["twice"] and not shot.rigid and coverage(shot, ways) >= _WORTH_A_SECOND_LOOK:
            guides = _drafts(shot, ways, guides, ctx.part(0.4, 0.1))
            shot.measure(meter, guides, lambda done: ctx.step(0.5 + 0.3 * done, "measuring motion again"))
            ways = trace(shot)
        carried = carry_key_frames(painter, ways, fill, ctx.part(0.8, 0.1))
        return _finished(painter, ways, carried, fill, ctx.part(0.9, 0.1))


def _behind(
    shot: Shot, frames: Sequence[FloatImage], alphas: Sequence[Alpha], fill: Fill, ctx: Context
) -> list[FloatImage]:
    """A still camera's holes: all are windows to one picture, whose unseen part is painted once."""
    shot.compare_light()
    ctx.step(0.1, "looking behind the hole")
    holes = [alpha > 0 for alpha in alphas]
    picture, unseen = median_behind(frames, holes, shot.exposures)
    if unseen.any():
        picture = fill(picture, np.asarray(unseen, np.uint8) * np.uint8(255), ctx.part(0.2, 0.4))
    out = []
    for number, (hole, light) in enumerate(zip(holes, shot.exposures, strict=True)):
        ctx.step(0.6 + 0.4 * number / len(holes), "painting")
        frame = frames[number]
        out.append(lit_like(frame, picture * np.exp(light).astype(np.float32), hole) if hole.any() else frame)
    return out


def _drafts(shot: Shot, ways: Ways, guides: Sequence[Small], ctx: Context) -> list[Small]:
    """The reduced frames with what was traced painted in; the rest stays as it was filled for the first look."""
    units = [np.asarray(guide / np.float32(255), np.float32) for guide in guides]
    small = [np.asarray(frame / np.float32(255), np.float32) for frame in shot.small]
    painter = Painter(shot, small, shot.holes, 1.0)
    drafts = []
    for start in range(0, len(shot), BLOCK):
        ctx.step(start / len(shot), "painting a draft")
        numbers = range(start, min(start + BLOCK, len(shot)))
        for number, painted in zip(numbers, painter.paint(numbers, ways), strict=True):
            drafts.append(np.asarray(np.rint(painted.onto(units[number]) * 255), np.uint8))
    return drafts


def _finished(painter: Painter, ways: Ways, carried: Ways | None, fill: Fill, ctx: Context) -> list[FloatImage]:
    count = len(painter.shot)
    out: list[FloatImage] = []
    for start in range(0, count, BLOCK):
        ctx.step(start / count, "painting")
        numbers = range(start, min(start + BLOCK, count))
        for number, painted in zip(numbers, painter.paint(numbers, ways, carried), strict=True):
            out.append(closed(painted, painter.frames[number], fill, ctx.part(number / count, 1 / count)))
    return out
