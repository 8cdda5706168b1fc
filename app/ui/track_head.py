"""The head of a track's row: what it is called, what kind it is, how sure its tracker was; rename and delete."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QInputDialog, QLineEdit, QVBoxLayout

from app.state.film_tracks import FilmTracks
from app.ui.bits import label, row, set_role, tool_button
from app.ui.icons import icon
from engines.core.tracks import MaskTrack, TrackKind


class TrackHead(QFrame):
    """A click chooses the track; a double click on its name renames it."""

    def __init__(self, tracks: FilmTracks, number: int, width: int) -> None:
        super().__init__()
        self.setObjectName("trackHead")
        self.setFixedWidth(width)
        self._tracks = tracks
        self.number = number
        self._name = label(role="title")
        self._about = label(role="faint")
        self._eye = tool_button("eye", "", self._toggle, 15)
        rename = tool_button("pencil", self.tr("Rename this track"), self.rename, 13)
        delete = tool_button("trash", self.tr("Delete this track"), lambda: tracks.remove(self.number), 14)
        for small in (self._eye, rename, delete):
            small.setProperty("flat", "small")
            small.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.setContentsMargins(0, 0, 0, 0)
        words.addWidget(self._name)
        words.addWidget(self._about)
        layout = row(self._eye, words, None, rename, delete, spacing=2)
        layout.setContentsMargins(5, 1, 5, 1)
        self.setLayout(layout)
        self.show_track()

    def show_track(self) -> None:
        """Say what the track is now."""
        if self.number >= len(self._tracks.all):
            return
        track = self._tracks.all[self.number]
        self._name.setText(
            self._name.fontMetrics().elidedText(track.name, Qt.TextElideMode.ElideRight, self.width() - 92)
        )
        self._name.setToolTip(track.name)
        self._about.setText(about(track))
        self._name.setEnabled(not track.hidden)
        self._eye.setIcon(icon("eye-off" if track.hidden else "eye"))
        tip = self.tr("Show and erase this track") if track.hidden else self.tr("Hide this track: it is not erased")
        self._eye.setToolTip(tip)
        self._eye.setAccessibleName(tip)
        set_role(self._about, "role", "warn" if track.stops else "faint")
        set_role(self, "chosen", "true" if self._tracks.chosen == self.number else "false")

    def _toggle(self) -> None:
        self._tracks.set_hidden(self.number, not self._tracks.all[self.number].hidden)

    def rename(self) -> None:
        """Ask for another name."""
        track = self._tracks.all[self.number]
        name, given = QInputDialog.getText(
            self, self.tr("Rename track"), self.tr("Name"), QLineEdit.EchoMode.Normal, track.name
        )
        if given:
            self._tracks.rename(self.number, name)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._tracks.choose(self.number)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.rename()


def about(track: MaskTrack) -> str:
    """Kind, and how sure the tracker was at its least sure; or where it stopped."""
    translate = QCoreApplication.translate
    kinds = {
        TrackKind.STATIC: translate("TrackHead", "stays in its place"),
        TrackKind.TRACKED: translate("TrackHead", "tracked"),
        TrackKind.TEXT: translate("TrackHead", "text"),
    }
    if track.hidden:
        return translate("TrackHead", "hidden")
    words = kinds[track.kind]
    if track.stops:
        return translate("TrackHead", "stopped at frame %1").replace("%1", str(track.stops[0].frame))
    if track.kind is TrackKind.TRACKED and track.made:
        least = min(made.confidence for made in track.made.values())
        return f"{words} · ≥ {least:.0%}"
    return words
