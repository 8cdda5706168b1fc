"""Runs frames through one of FFmpeg's filters, which keeps all that came along with them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import av
from av.filter import Graph


def filtered(frames: Sequence[av.VideoFrame], name: str, args: str = "", count: int = 1) -> list[av.VideoFrame]:
    """The first ``count`` frames that the filter makes of ``frames``, which are alike in size and format."""
    first = frames[0]
    graph = Graph()
    unit = first.time_base or Fraction(1, 1000)
    source = graph.add_buffer(width=first.width, height=first.height, format=first.format, time_base=unit)
    graph.link_nodes(source, graph.add(name, args), graph.add("buffersink"))
    graph.configure()
    for frame in frames:
        graph.vpush(frame)
    if len(frames) > 1:
        graph.vpush(None)
    return [graph.vpull() for _ in range(count)]
