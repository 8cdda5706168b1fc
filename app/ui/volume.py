"""How loud a film plays: a loudspeaker that mutes, and a slider."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QSlider, QWidget

from app.state.sound import Loudspeaker
from app.ui.bits import row, tool_button
from app.ui.icons import icon


class VolumeControl(QWidget):
    """Only there for films with sound."""

    def __init__(self, speaker: Loudspeaker) -> None:
        super().__init__()
        self._speaker = speaker
        self.mute = tool_button("volume", "", lambda: speaker.mute(not speaker.muted), 17)
        self.mute.setProperty("flat", "small")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setPageStep(10)
        self.slider.setFixedWidth(60)
        self.slider.setAccessibleName(self.tr("Volume"))
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.valueChanged.connect(speaker.set_volume)
        self.setLayout(row(self.mute, self.slider, spacing=4))
        speaker.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        speaker = self._speaker
        self.setVisible(speaker.sounding)
        silent = speaker.muted or not speaker.volume
        self.mute.setIcon(icon("volume-off" if silent else "volume"))
        tip = self.tr("Sound on (M)") if speaker.muted else self.tr("Mute (M)")
        self.mute.setToolTip(tip)
        self.mute.setAccessibleName(tip)
        with QSignalBlocker(self.slider):
            self.slider.setValue(0 if speaker.muted else speaker.volume)
        self.slider.setToolTip(self.tr("Volume: %1 %").replace("%1", str(speaker.volume)))
