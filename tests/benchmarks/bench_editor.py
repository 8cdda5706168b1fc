"""How the editor feels, in figures: ``python -m tests.benchmarks.bench_editor``. Needs no screen.

A window of 3840 x 2160 over a picture of 50 megapixels: seconds to open it, milliseconds a frame while a brush
stroke is drawn, while the view is panned and zoomed, and the longest that the event loop was held up.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import cv2
import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from app.state.settings import Theme
from app.state.workshop import Workshop
from app.ui import theme
from app.ui.compare import Compare
from app.ui.window import Window
from engines.catalog import load_catalog
from engines.store import Store
from tests.app.conftest import FakeClient

_SIDES = (5792, 8688)


def main() -> int:
    """Print the figures."""
    application = QApplication([])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo = _photo(folder / "large.jpg")
        shop = Workshop(FakeClient(), load_catalog(), Store(), folder / "data")
        window = Window(shop, theme.apply(application, Theme.DARK))
        window.resize(3840, 2160)
        window.show()
        bench = Bench(application, window)
        print(f"open 50 MP JPEG: {bench.opening(photo):.2f} s until it is seen, longest hold-up {bench.worst:.0f} ms")
        for label, scale in (("fit", 0.0), ("100 %", 1.0), ("400 %", 4.0)):
            bench.look_at(scale)
            bench.tell(f"brush stroke, {label}", bench.stroke())
            bench.tell(f"pan, {label}", bench.pan())
        bench.look_at(0.0)
        bench.tell("zoom", bench.zoom())
        window.canvas.set_compare(Compare.SPLIT)
        bench.tell("split line", bench.split())
        shop.editor.sheet.exported = shop.editor.state  # type: ignore[union-attr]
        window.close()
    return 0


def _photo(path: Path) -> Path:
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (_SIDES[0] // 16, _SIDES[1] // 16, 3), np.uint8)
    cv2.imwrite(str(path), cv2.resize(small, _SIDES[::-1], interpolation=cv2.INTER_CUBIC))
    return path


class Bench:
    """Every figure is one event sent and all that the event loop then has to do, painting included."""

    def __init__(self, application: QApplication, window: Window) -> None:
        self.application = application
        self.window = window
        self.worst = 0.0

    def opening(self, photo: Path) -> float:
        begin = time.perf_counter()
        self.window.workshop.files.open(photo)
        while self.window.workshop.editor.sheet is None:
            before = time.perf_counter()
            self.application.processEvents()
            self.worst = max(self.worst, (time.perf_counter() - before) * 1000)
            time.sleep(0.001)
        before = time.perf_counter()
        self.application.processEvents()
        self.worst = max(self.worst, (time.perf_counter() - before) * 1000)
        return time.perf_counter() - begin

    def look_at(self, scale: float) -> None:
        canvas = self.window.canvas
        canvas.fit()
        if scale:
            canvas.set_view(canvas.view.zoomed(scale, 1900, 1000))
        self.settle()

    def settle(self) -> None:
        end = time.perf_counter() + 1.0
        while time.perf_counter() < end:
            self.application.processEvents()

    def stroke(self) -> list[float]:
        points = [(900 + 30 * i, 700 + 12 * i) for i in range(50)]
        self.mouse(QMouseEvent.Type.MouseButtonPress, points[0])
        frames = [self.frame(lambda at=at: self.mouse(QMouseEvent.Type.MouseMove, at)) for at in points]  # type: ignore[misc]
        frames.append(self.frame(lambda: self.mouse(QMouseEvent.Type.MouseButtonRelease, points[-1])))
        self.settle()
        return frames

    def mouse(self, kind: QMouseEvent.Type, at: tuple[float, float]) -> None:
        held = Qt.MouseButton.LeftButton
        button = Qt.MouseButton.NoButton if kind == QMouseEvent.Type.MouseMove else held
        event = QMouseEvent(kind, QPointF(*at), QPointF(*at), button, held, Qt.KeyboardModifier.NoModifier)
        self.application.sendEvent(self.window.canvas, event)

    def pan(self) -> list[float]:
        canvas = self.window.canvas
        return [self.frame(lambda: canvas.set_view(canvas.view.moved(-37, -21))) for _ in range(40)]

    def zoom(self) -> list[float]:
        canvas = self.window.canvas
        return [self.frame(lambda: canvas.zoom_at(1.08, 1900, 1000)) for _ in range(40)]

    def split(self) -> list[float]:
        canvas = self.window.canvas
        return [self.frame(lambda share=i / 40: canvas.set_split(share)) for i in range(40)]  # type: ignore[misc]

    def frame(self, change: Callable[[], None]) -> float:
        """Milliseconds from a change to its frame."""
        begin = time.perf_counter()
        change()
        self.application.processEvents()
        return (time.perf_counter() - begin) * 1000

    def tell(self, what: str, frames: list[float]) -> None:
        ordered = sorted(frames)
        high = ordered[int(0.95 * (len(ordered) - 1))]
        print(f"{what:24} median {statistics.median(frames):5.1f} ms, 95 % {high:5.1f} ms, worst {ordered[-1]:5.1f} ms")


if __name__ == "__main__":
    sys.exit(main())
