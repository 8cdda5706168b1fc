"""The status bar: what is going on, the pixel under the pointer, the picture, device, memory, zoom."""

from __future__ import annotations

from functools import partial

import psutil
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QMenu, QToolButton

from app.state.editor import Editor
from app.state.host import EngineHost
from app.state.measurements import Measurements
from app.state.settings import SettingsStore
from app.state.tasks import Tasks
from app.ui.bits import label, row, tool_button
from app.ui.canvas import Canvas
from engines.core.types import Box


class StatusBar(QFrame):
    """Only looks; changes nothing but the zoom."""

    def __init__(
        self, editor: Editor, canvas: Canvas, host: EngineHost, measurements: Measurements, settings: SettingsStore
    ) -> None:
        super().__init__()
        self.setObjectName("statusBar")
        self.setFixedHeight(30)
        self._editor, self._canvas, self._host = editor, canvas, host
        self._measurements, self._settings = measurements, settings
        self._busy, self._pixel, self._picture = label(), label(), label()
        self._device, self._memory = label(), label()
        self._pixel.setMinimumWidth(230)
        self._zoom = QToolButton()
        self._zoom.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._zoom.setAccessibleName(self.tr("Zoom"))
        self._zoom.setMenu(self._zoom_menu())
        self._zoom.setMinimumWidth(62)
        smaller = tool_button("zoom-out", self.tr("Zoom out (Ctrl+-)"), lambda: canvas.step_zoom(False), 15)
        larger = tool_button("zoom-in", self.tr("Zoom in (Ctrl++)"), lambda: canvas.step_zoom(True), 15)
        fit = tool_button("fit", self.tr("Fit the window (Ctrl+0)"), canvas.fit, 15)
        for small in (self._zoom, smaller, larger, fit):
            small.setProperty("flat", "small")
            small.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = row(
            self._picture, 14, self._pixel, None, self._busy, None, self._device, 14, self._memory, 14, spacing=2
        )
        for part in (smaller, self._zoom, larger, fit):
            layout.addWidget(part)
        layout.setContentsMargins(12, 0, 8, 0)
        self.setLayout(layout)
        self._clock = QTimer(self, interval=2000)
        self._clock.timeout.connect(self._show_machine)
        self._clock.start()
        canvas.view_changed.connect(self._show_zoom)
        editor.opened.connect(self._show_picture)
        self._show_picture()
        self._show_machine()

    def follow(self, tasks: Tasks) -> None:
        tasks.busy.connect(self._busy.setText)

    def show_pixel(self, at: object) -> None:
        """The colour under the pointer, as it is shown."""
        sheet = self._editor.sheet
        self._pixel.setText("")
        if not isinstance(at, tuple) or sheet is None:
            return
        x, y = int(at[0] // 1), int(at[1] // 1)
        height, width = sheet.size
        if 0 <= x < width and 0 <= y < height:
            values = sheet.document.composite(Box(x, y, 1, 1))[0, 0]
            words = "  ".join(f"{value:.3f}" if values.dtype.kind == "f" else str(value) for value in values)
            self._pixel.setText(f"{x}, {y}    RGB {words}")

    def _zoom_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction(self.tr("Fit the window"), self._canvas.fit)
        for percent in (25, 50, 100, 200, 400, 800):
            menu.addAction(f"{percent} %", partial(self._zoom_to, percent / 100))
        return menu

    def _zoom_to(self, scale: float) -> None:
        height, width = self._canvas.window_size
        self._canvas.set_view(self._canvas.view.zoomed(scale, width / 2, height / 2))

    def _show_zoom(self) -> None:
        percent = self._canvas.view.scale * 100
        self._zoom.setText(f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %")

    def _show_picture(self) -> None:
        sheet = self._editor.sheet
        if sheet is None:
            self._picture.setText("")
            self._zoom.setText("–")
            return
        height, width = sheet.size
        depth = {"uint8": "8 bit", "uint16": "16 bit"}.get(sheet.document.state.source.dtype, "float")
        self._picture.setText(f"{width} × {height}  ·  {depth}")

    def _show_machine(self) -> None:
        used = psutil.Process().memory_info().rss
        worker = self._host.worker_pid
        if worker is not None:
            try:
                used += psutil.Process(worker).memory_info().rss
            except psutil.Error:
                worker = None
        self._memory.setText(f"{used / 2**30:.1f} GB")
        self._memory.setToolTip(self.tr("Memory of the editor and its engine process"))
        wanted = self._settings.value.device
        device = self._measurements.device_seen() if wanted == "auto" else wanted
        self._device.setText(device.upper() if device != "auto" else "")
        self._device.setToolTip(self.tr("Where engines compute"))
