"""Decodes a film from any key frame on. Which frame is which is the index's word; this only moves and decodes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import av

from engines.media.film.faults import readable
from engines.media.film.index import Index
from engines.media.film.packets import decoded, whole_packets
from engines.media.film.probe import film_stream, opened


class Decoder:
    """Frames of one film file with their numbers, from wherever it was last sent to."""

    def __init__(self, path: Path, index: Index) -> None:
        self._path = path
        self._index = index
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._counted = 0
        self._open()

    def _open(self) -> None:
        with readable(self._path):
            self._container = opened(self._path)
            self._stream = film_stream(self._container, self._path)
            self._stream.thread_type = "AUTO"

    def close(self) -> None:
        self._frames = iter(())
        self._container.close()

    def rewind(self) -> None:
        """To the very start. The file is opened anew: not every container can be sent back to its first packet."""
        self._container.close()
        self._open()
        self._counted = 0
        self._frames = decoded(self._stream, self._container.demux(self._stream))

    def seek(self, key: int) -> bool:
        """To the key frame ``key``; false where the container goes elsewhere, beyond it."""
        if key == 0 or self._index.counted:
            self.rewind()
            return True
        pts = int(self._index.pts[key])
        try:
            self._container.seek(pts, stream=self._stream)
        except av.FFmpegError:
            return False
        packets = whole_packets(self._container.demux(self._stream))
        first = next(packets, None)
        if first is None or first.pts is None or first.pts > pts:
            return False
        self._frames = decoded(self._stream, itertools.chain([first], packets))
        return True

    def next(self) -> tuple[int, av.VideoFrame] | None:
        """The next frame and its number; None at the end of what can be decoded."""
        with readable(self._path):
            for frame in self._frames:
                number = self._number(frame)
                if number is not None:
                    return number, frame
        return None

    def _number(self, frame: av.VideoFrame) -> int | None:
        if self._index.counted:
            self._counted += 1
            return self._counted - 1 if self._counted <= len(self._index) else None
        return None if frame.pts is None else self._index.number(frame.pts)
