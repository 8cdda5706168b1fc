"""Decoded frames that are kept, up to a number of bytes."""

from __future__ import annotations

from collections import OrderedDict

from engines.media.film.film import Frame

DEFAULT_BYTES = 256 * 2**20


class FrameCache:
    """The frames used last. ``cost``: bytes of one frame with its RGB; at least one frame is always kept."""

    def __init__(self, limit: int, cost: int) -> None:
        self.most = max(1, limit // max(cost, 1))
        self._frames: OrderedDict[int, Frame] = OrderedDict()

    def get(self, index: int) -> Frame | None:
        frame = self._frames.get(index)
        if frame is not None:
            self._frames.move_to_end(index)
        return frame

    def put(self, frame: Frame) -> None:
        self._frames[frame.index] = frame
        self._frames.move_to_end(frame.index)
        while len(self._frames) > self.most:
            self._frames.popitem(last=False)

    def clear(self) -> None:
        self._frames.clear()
