"""A mask track as plain JSON and a set of arrays, and back."""

from __future__ import annotations

from collections.abc import Callable

from app.document.plain import Json, Table, broken, member
from engines.core.engine import Tracked
from engines.core.tracks import MaskTrack, Span, Stop, TrackKind
from engines.core.types import Mask

_MOST = 1 << 24
"""Frames, pixels: larger numbers are no track's."""


def encode_track(track: MaskTrack, number: int, put: Callable[[Mask, str], Json]) -> Json:
    """``put`` keeps a mask under a name and answers what is to stand for it. Masks that frames share are kept once."""
    kept: dict[int, Json] = {}

    def mask(mask: Mask, name: str) -> Json:
        if id(mask) not in kept:
            kept[id(mask)] = put(mask, f"track-{number}-{name}")
        return kept[id(mask)]

    height, width = track.size
    spans: list[Json] = [[span.start, span.stop] for span in track.ranges]
    return {
        "name": track.name,
        "kind": track.kind.value,
        "height": height,
        "width": width,
        "keys": [{"frame": frame, "mask": mask(key, f"key-{frame}")} for frame, key in sorted(track.keys.items())],
        "ranges": spans,
        "made": [
            {"frame": frame, "confidence": made.confidence, "mask": mask(made.mask, f"made-{frame}")}
            for frame, made in sorted(track.made.items())
        ],
        "grow": track.grow,
        "feather": track.feather,
        "smooth": track.smooth,
        "engine": track.engine,
        "options": dict[str, Json](track.options),
        "stops": [{"frame": stop.frame, "reason": stop.reason} for stop in track.stops],
        "drift": [{"frame": frame, "overlap": value} for frame, value in sorted(track.drift.items())],
        "reference": track.reference,
        "learnt": track.learnt,
        "hidden": track.hidden,
    }


def decode_track(table: Table, size: tuple[int, int], read: Callable[[Table], Mask]) -> MaskTrack:
    """What ``encode_track`` made, for frames of ``size``; raises ``EngineError`` (UNREADABLE) for anything else."""
    if (table.whole("height"), table.whole("width")) != size:
        raise broken("tracks: size")
    kept: dict[str, Mask] = {}

    def mask(row: Table) -> Mask:
        inner = row.table("mask")
        name = inner.text("file")
        if not name or name not in kept:
            kept[name] = read(inner)
        return kept[name]

    return MaskTrack(
        name=table.text("name"),
        kind=member(TrackKind, table.text("kind")),
        size=size,
        keys={_count(row, "frame"): mask(row) for row in table.rows("keys")},
        ranges=tuple(_span(pair) for pair in table.lists("ranges")),
        made={_count(row, "frame"): Tracked(mask(row), row.number("confidence")) for row in table.rows("made")},
        grow=_count(table, "grow"),
        feather=_count(table, "feather"),
        smooth=_count(table, "smooth"),
        engine=table.text("engine"),
        options=table.scalars("options"),
        stops=tuple(Stop(_count(row, "frame"), row.text("reason")) for row in table.rows("stops")),
        drift={_count(row, "frame"): row.number("overlap") for row in table.rows("drift")},
        reference=_count(table, "reference") if table.has("reference") else None,
        learnt=table.flag("learnt"),
        hidden=table.flag("hidden") if table.has("hidden") else False,
    )


def _count(table: Table, key: str) -> int:
    value = table.whole(key)
    if not 0 <= value < _MOST:
        raise broken(f"tracks: {key}")
    return value


def _span(pair: list[int]) -> Span:
    if len(pair) != 2 or not 0 <= pair[0] < pair[1]:
        raise broken("tracks: ranges")
    return Span(*pair)
