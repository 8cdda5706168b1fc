"""An open picture: its document, and the pyramids that the canvas reads from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.document.coverage import Combine
from app.document.document import Document
from app.document.pyramid import Plane, SparsePyramid
from app.document.state import NOWHERE, LayerRole, State, diff
from app.state.display import ToDisplay
from app.state.reel import Moment, Reel
from app.tools.pointer import Live
from engines.core.tracks import NOTHING, masks_at
from engines.core.types import Alpha, Box, Mask, Patch

if TYPE_CHECKING:
    from engines.media.picture import Picture


class Overlay(Enum):
    """What is drawn over the picture in a colour of its own."""

    ERASE = "erase"
    PROTECT = "protect"
    NO_SAMPLE = "no-sample"
    RESTORE = "restore"


_OF_ROLE = {LayerRole.PROTECT: Overlay.PROTECT, LayerRole.NO_SAMPLE: Overlay.NO_SAMPLE}


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What was prepared off the window's thread: levels of the picture and of its transparency, for display."""

    levels: tuple[Plane, ...]
    alpha: tuple[Plane, ...] | None
    to_display: ToDisplay


@dataclass(slots=True)
class Title:
    """What the window says of it: a name, its file and its project file, if it has any."""

    name: str
    path: Path | None = None
    project: Path | None = None
    sample: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A sheet, the picture it was read from (None for a film), and what the person should be told."""

    sheet: Sheet
    picture: Picture | None
    notes: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Sheet:
    """``live``: the stroke being drawn, and the role it is drawn on."""

    document: Document
    shown: Shown
    title: Title
    live: Live | None = None
    live_role: LayerRole = LayerRole.ADD
    saved: State | None = None
    """The state that was saved last."""
    exported: State | None = None
    reel: Reel | None = None
    """The film, where it is one."""
    picture: SparsePyramid = field(init=False)
    overlays: dict[Overlay, SparsePyramid] = field(init=False)
    _tracked: Mask = NOTHING
    """What the tracks cover in the frame that is looked at."""

    def __post_init__(self) -> None:
        size = self.document.size
        self.picture = SparsePyramid(size, self._drawn, self.shown.levels)
        self.overlays = {kind: SparsePyramid(size, partial(self.coverage, kind)) for kind in Overlay}
        self._masks_moved()
        whole = Box(0, 0, size[1], size[0])
        if self.document.state.edits:
            self.picture.invalidate(whole)
        if self.document.state.masks.layers or self.document.state.masks.text.chosen:
            self._stale(whole)

    @property
    def size(self) -> tuple[int, int]:
        return self.document.size

    @property
    def picture_box(self) -> Box:
        """The whole of it."""
        return Box(0, 0, self.size[1], self.size[0])

    @property
    def dirty(self) -> bool:
        """Whether there is anything that would be lost if it were closed now."""
        state = self.document.state
        untouched = not state.edits and state.masks.blank and not state.tracks
        return state not in (self.saved, self.exported) and not untouched

    def follow(self, before: State, after: State) -> None:
        """The document has changed: what looks different is to be drawn again."""
        change = diff(before, after)
        self.picture.invalidate(change.pixels)
        self._stale(change.masks)
        if before.tracks is not after.tracks:
            self.set_previews({})
            self._masks_moved()

    def move(self, frame: int) -> None:
        """The playhead of the film is elsewhere; its picture comes when it is decoded."""
        if self.reel is not None:
            self.reel.frame = frame
            self._masks_moved()

    def _masks_moved(self) -> None:
        """What the tracks cover now, and what they covered before, is to be drawn again."""
        if self.reel is not None:
            before = self._tracked
            previewed = self.reel.frame in self.reel.previews
            self._tracked = NOTHING if previewed else masks_at(self.document.state.tracks, self.reel.frame)
            if before is not self._tracked:
                self._stale(before.box)
                self._stale(self._tracked.box)

    def show(self, moment: Moment) -> None:
        """Look at another frame of the film."""
        self.document.pixels = moment.pixels
        self.shown = Shown(moment.levels, moment.alpha, self.shown.to_display)
        self.picture = SparsePyramid(self.size, self._drawn, moment.levels)
        if self.reel is not None:
            for patch in self.reel.previews.get(moment.index, ()):
                self.picture.invalidate(patch.box)

    def set_previews(self, previews: dict[int, tuple[Patch, ...]]) -> None:
        """What an engine has painted into frames of the film; where there is such, the masks are not shown."""
        reel = self.reel
        if reel is not None and (reel.previews or previews):
            touched = (*reel.previews.get(reel.frame, ()), *previews.get(reel.frame, ()))
            reel.previews = previews
            self._masks_moved()
            for patch in touched:
                self.picture.invalidate(patch.box)

    def stroke_changed(self, box: Box) -> None:
        """The live stroke has grown by ``box`` (or has gone)."""
        self._stale(box)

    def settle(self, seconds: float) -> Box:
        """Draw what is out of date, for about that long; the box that looks different now."""
        done = NOWHERE
        for pyramid in (*self.overlays.values(), self.picture):
            if pyramid.pending:
                done = done | pyramid.settle(seconds)
                if pyramid.pending:
                    break
        return done

    @property
    def pending(self) -> bool:
        return self.picture.pending or any(pyramid.pending for pyramid in self.overlays.values())

    def coverage(self, kind: Overlay, box: Box) -> Alpha:
        """What an overlay covers over ``box``, with the live stroke."""
        masks = self.document.state.masks
        if kind is Overlay.ERASE:
            here = masks.coverage(box)
            if not (self._tracked.box & box).empty:
                here = np.maximum(here, self._tracked.dense(box))
        elif kind is Overlay.RESTORE:
            here = np.zeros((box.h, box.w), np.uint8)
        else:
            here = masks.of_role(LayerRole(kind.value), box)
        if self.live is not None and self._live_overlay(self.live) is kind:
            return self._with_live(here, self.live, box)
        return here

    def _live_overlay(self, live: Live) -> Overlay:
        return Overlay.RESTORE if live.restores else _OF_ROLE.get(self.live_role, Overlay.ERASE)

    def _with_live(self, here: Alpha, live: Live, box: Box) -> Alpha:
        drawn = live.stroke.dense(box)
        takes = live.how is Combine.SUBTRACT
        if self.live_role is LayerRole.SUBTRACT and not live.restores:
            takes = not takes
        if live.restores or not takes:
            return np.maximum(here, drawn)
        return np.minimum(here, 255 - drawn)

    def _drawn(self, box: Box) -> Plane | None:
        if self.reel is not None:
            return self._previewed(self.reel, box)
        if not any(edit.visible and not (edit.reach & box).empty for edit in self.document.state.edits):
            return None
        return np.asarray(self.shown.to_display(self.document.composite(box)), np.uint8)

    def _previewed(self, reel: Reel, box: Box) -> Plane | None:
        patches = [patch for patch in reel.previews.get(reel.frame, ()) if not (patch.box & box).empty]
        if not patches:
            return None
        pixels = self.document.pixels[box.slices].copy()
        for patch in patches:
            part = patch.box & box
            inner = part.moved(-patch.box.x, -patch.box.y).slices
            target = pixels[part.moved(-box.x, -box.y).slices]
            np.copyto(target, patch.pixels[inner], where=(patch.alpha[inner] > 0)[..., None])
        return np.asarray(self.shown.to_display(pixels), np.uint8)

    def _stale(self, box: Box) -> None:
        for pyramid in self.overlays.values():
            pyramid.invalidate(box)
