"""What can be done to the mask tracks of a film: each verb takes a state and gives the next.

Tracks go by their number in ``State.tracks``, frames by theirs in the film.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from app.document.coverage import Combine, Coverage
from app.document.state import State
from engines.core.engine import OptionValue
from engines.core.tracks import NOTHING, MaskTrack, Span, TrackKind, mask_at
from engines.core.types import Mask


def add_track(state: State, name: str, kind: TrackKind = TrackKind.STATIC, ranges: Iterable[Span] = ()) -> State:
    """An empty track at the end."""
    return insert_track(state, MaskTrack(name, kind, state.size, ranges=tuple(ranges)))


def insert_track(state: State, track: MaskTrack) -> State:
    """A track that was made elsewhere, at the end."""
    return replace(state, tracks=(*state.tracks, track))


def remove_track(state: State, number: int) -> State:
    _at(state, number)
    return replace(state, tracks=state.tracks[:number] + state.tracks[number + 1 :])


def rename_track(state: State, number: int, name: str) -> State:
    """Another name; an empty one changes nothing."""
    name = name.strip()
    track = _at(state, number)
    return state if not name or name == track.name else put_track(state, number, replace(track, name=name))


def put_track(state: State, number: int, track: MaskTrack) -> State:
    """Another track in the place of this one."""
    _at(state, number)
    return replace(state, tracks=(*state.tracks[:number], track, *state.tracks[number + 1 :]))


def set_key(state: State, number: int, frame: int, mask: Mask) -> State:
    """The person's own mask for a frame, in place of what was there."""
    track = _at(state, number)
    made = {at: tracked for at, tracked in track.made.items() if at != frame}
    return put_track(state, number, replace(track, keys=_sorted({**track.keys, frame: mask}), made=made))


def paint_key(state: State, number: int, frame: int, mask: Mask, how: Combine) -> State:
    """Combine ``mask`` with what the track has in ``frame``: that becomes a key.

    A static track has one mask for a range: there the key in force changes, wherever it was painted. A hidden track
    is shown again: what is painted is seen.
    """
    track = replace(_at(state, number), hidden=False)
    state = put_track(state, number, track)
    here = mask_at(replace(track, grow=0, feather=0, smooth=0, ranges=()), frame)
    painted = Coverage.of(here, state.size).combined(mask, how).mask()
    return set_key(state, number, _key_in_force(track, frame), painted if not painted.box.empty else NOTHING)


def move_key(state: State, number: int, frame: int, to: int) -> State:
    """A key to another frame; KeyError where there is none. A key that is there already is replaced."""
    track = _at(state, number)
    if frame == to:
        return state
    keys = {at: mask for at, mask in track.keys.items() if at not in (frame, to)}
    keys[to] = track.keys[frame]
    made = {at: tracked for at, tracked in track.made.items() if at != to}
    return put_track(state, number, replace(track, keys=_sorted(keys), made=made))


def delete_key(state: State, number: int, frame: int) -> State:
    """Forget a key; KeyError where there is none."""
    track = _at(state, number)
    keys = dict(track.keys)
    del keys[frame]
    return put_track(state, number, replace(track, keys=keys))


def set_ranges(state: State, number: int, ranges: Iterable[Span]) -> State:
    """Where the track is active; nothing: everywhere. Ranges that meet become one."""
    joined: list[Span] = []
    for span in sorted(ranges):
        if span.start >= span.stop:
            continue
        if joined and span.start <= joined[-1].stop:
            joined[-1] = Span(joined[-1].start, max(joined[-1].stop, span.stop))
        else:
            joined.append(span)
    return put_track(state, number, replace(_at(state, number), ranges=tuple(joined)))


def move_range(state: State, number: int, index: int, span: Span) -> State:
    """Another beginning or end for one of the ranges."""
    ranges = list(_at(state, number).ranges)
    ranges[index] = span
    return set_ranges(state, number, ranges)


def whole_clip(state: State, number: int) -> State:
    """One mask for all frames: that of the first key, or of the first frame that has a mask."""
    track = _at(state, number)
    frames = sorted(track.keys) or sorted(track.made)
    mask = NOTHING if not frames else (track.keys[frames[0]] if track.keys else track.made[frames[0]].mask)
    keys = {frames[0]: mask} if frames else {}
    still = replace(track, kind=TrackKind.STATIC, keys=keys, made={}, ranges=(), stops=(), drift={})
    return put_track(state, number, still)


def adjust_track(
    state: State, number: int, *, grow: int | None = None, feather: int | None = None, smooth: int | None = None
) -> State:
    """Pixels to grow and to feather by, frames to steady over."""
    track = _at(state, number)
    adjusted = replace(
        track,
        grow=track.grow if grow is None else grow,
        feather=track.feather if feather is None else feather,
        smooth=track.smooth if smooth is None else smooth,
    )
    return put_track(state, number, adjusted)


def set_engine(state: State, number: int, engine: str, options: dict[str, OptionValue] | None = None) -> State:
    """What erases the track."""
    return put_track(state, number, replace(_at(state, number), engine=engine, options=options or {}))


def set_learnt(state: State, number: int, learnt: bool) -> State:
    """Whether the mark is to be learnt and un-blended where the picture shines through."""
    return put_track(state, number, replace(_at(state, number), learnt=learnt))


def set_hidden(state: State, number: int, hidden: bool) -> State:
    """Whether the track is left alone for now: neither shown nor erased."""
    return put_track(state, number, replace(_at(state, number), hidden=hidden))


def unused_name(state: State, name: str) -> str:
    """``name``, where no track is called so; else with a number behind it."""
    return name if all(track.name != name for track in state.tracks) else free_name(state, name)


def free_name(state: State, stem: str) -> str:
    """``stem``, with the first number that no track has."""
    names = {track.name for track in state.tracks}
    return next(name for i in range(1, len(names) + 2) if (name := f"{stem} {i}") not in names)


def _key_in_force(track: MaskTrack, frame: int) -> int:
    if track.kind is not TrackKind.STATIC or not track.keys:
        return frame
    before = [key for key in track.keys if key <= frame]
    return max(before) if before else min(track.keys)


def _sorted(keys: dict[int, Mask]) -> dict[int, Mask]:
    return dict(sorted(keys.items()))


def _at(state: State, number: int) -> MaskTrack:
    if not 0 <= number < len(state.tracks):
        raise IndexError(number)
    return state.tracks[number]
