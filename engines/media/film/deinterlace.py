"""Makes whole frames of fields, with FFmpeg's bwdif: one frame a frame, so that numbers and times stay."""

from __future__ import annotations

from collections.abc import Sequence

import av
from av.filter import Graph

from engines.media.film.info import FilmInfo


def deinterlaced(around: Sequence[av.VideoFrame], place: int, info: FilmInfo) -> av.VideoFrame | None:
    """The frame at ``place`` made whole with the help of its neighbours; None where it is whole already.

    ``around``: one frame, or two or three that follow each other. Each call stands for itself, so that the
    result does not depend on how a frame was reached.
    """
    if not around[place].interlaced_frame:
        return None
    graph = Graph()
    first = around[0]
    source = graph.add_buffer(width=first.width, height=first.height, format=first.format, time_base=info.time_base)
    graph.link_nodes(source, graph.add("bwdif", "mode=send_frame:deint=interlaced"), graph.add("buffersink"))
    graph.configure()
    for frame in around:
        graph.vpush(frame)
    graph.vpush(None)
    result = None
    for _ in range(place + 1):
        result = graph.vpull()
    return result
