"""Documents, edits and desks for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from app.document import verbs
from app.document.coverage import Combine
from app.document.document import Document
from app.document.state import FoundLine, Source, State, Variant
from app.tools.click import cut
from app.tools.pointer import Guide, Kind, Live, Look, Pointer, Tool, ToolSettings
from app.tools.rough import Rough
from engines.core.mask_ops import box_mask
from engines.core.types import Box, Mask, Patch, Pixels, readonly


def picture(height: int = 300, width: int = 400, dtype: str = "uint8", seed: int = 0) -> Pixels:
    rng = np.random.default_rng(seed)
    if dtype == "float32":
        return readonly(rng.random((height, width, 3), np.float32))
    return readonly(rng.integers(0, np.iinfo(dtype).max, (height, width, 3), dtype))


def fresh(pixels: Pixels, path: Path | None = None) -> State:
    return State.fresh(Source(path, (pixels.shape[0], pixels.shape[1]), str(pixels.dtype)))


def document(height: int = 300, width: int = 400, dtype: str = "uint8") -> Document:
    pixels = picture(height, width, dtype)
    return Document(fresh(pixels), pixels)


def box(x: int, y: int, w: int, h: int, size: tuple[int, int] = (300, 400)) -> Mask:
    return box_mask(Box(x, y, w, h), size)


def variant(hole: Mask, value: int = 7, dtype: str = "uint8", engine: str = "fill") -> Variant:
    pixels = np.full((hole.box.h, hole.box.w, 3), value, dtype)
    patch = Patch(hole.box, readonly(pixels), hole.alpha)
    return Variant(engine, {"strength": 0.5, "seed": 3, "fast": True}, "cpu", hole, (patch,), 1.5, ("a note",))


def line(x: int, y: int, w: int, h: int, words: str = "word", size: tuple[int, int] = (300, 400)) -> FoundLine:
    polygon = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)
    return FoundLine(readonly(polygon), words, 0.9, box(x, y, w, h, size))


class FakeDesk:
    """A desk without an editor: commits go straight into the document."""

    def __init__(self, doc: Document, settings: ToolSettings | None = None) -> None:
        self.document = doc
        self.settings = settings or ToolSettings(smoothing=0.0, hardness=1.0)
        self.live: Live | None = None
        self.guide = Guide()
        self.hovered: int | None = None
        self.asked: list[Mask | None] = []

    @property
    def state(self) -> State:
        return self.document.state

    def commit(self, label: str, mask: Mask, how: Combine) -> None:
        self.document.do(label, verbs.paint(self.state, self.settings.role, mask, how))

    def restore(self, label: str, mask: Mask, how: Combine) -> None:
        self.document.do(label, verbs.restore(self.state, mask, how))

    def compute(self, label: str, work: Callable[[Look], Mask], how: Combine) -> None:
        self.commit(label, work(self.document.composite), how)

    def select(self, rough: Rough, how: Combine) -> None:
        self.commit("Smart select", cut(rough, self.state.size, self.document.composite), how)

    def choose_text(self, numbers: Iterable[int], on: bool) -> None:
        self.document.do("Choose text", verbs.choose_text(self.state, numbers, on))

    def find_text(self, under: Mask | None = None) -> None:
        self.asked.append(under)


class Hand:
    """Sends pointers to a tool, as the canvas does."""

    def __init__(self, tool: Tool) -> None:
        self.tool = tool
        next(tool)

    def press(self, x: float, y: float, *, shift: bool = False, alt: bool = False, pressure: float = 1.0) -> Box:
        return self.tool.send(Pointer(Kind.PRESS, x, y, pressure, shift, alt))

    def move(self, x: float, y: float, *, shift: bool = False, pressure: float = 1.0) -> Box:
        return self.tool.send(Pointer(Kind.MOVE, x, y, pressure, shift))

    def release(self, x: float, y: float, *, shift: bool = False) -> Box:
        return self.tool.send(Pointer(Kind.RELEASE, x, y, 0.0, shift))

    def abort(self) -> Box:
        return self.tool.send(Pointer(Kind.ABORT, 0, 0))

    def hover(self, x: float, y: float) -> Box:
        return self.tool.send(Pointer(Kind.HOVER, x, y))

    def double(self, x: float, y: float) -> Box:
        return self.tool.send(Pointer(Kind.DOUBLE, x, y))

    def drag(self, *points: tuple[float, float], shift: bool = False, alt: bool = False) -> Box:
        touched = self.press(*points[0], shift=shift, alt=alt)
        for point in points[1:]:
            touched = touched | self.move(*point)
        return touched | self.release(*points[-1])
