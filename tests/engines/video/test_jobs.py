"""Jobs over films: tracks followed between keys, texts found, films cleaned, marks learnt, clean frames spread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from engines.catalog import Catalog, load_catalog
from engines.core.context import Context
from engines.core.engine import FoundText, TextLine
from engines.core.faults import EngineError
from engines.core.mask_ops import box_mask
from engines.core.tracks import MaskTrack, Span, TrackKind, mask_at, overlap
from engines.core.types import Box, Mask, Pixels
from engines.jobs.clean_film import Cleaning, clean_film, learn_marks
from engines.jobs.find_subtitles import Looking, find_subtitles
from engines.jobs.footage import Arrays, backwards
from engines.jobs.mask_files import read_masks, write_masks
from engines.jobs.spread_reference import spread_reference, without
from engines.jobs.track_masks import CUT, Direction, Following, track_masks
from engines.requests import Detected, DetectText, Request, Result
from engines.session import Session, open_session
from engines.store import Store
from tests.moving import Clip, covered, panned, scenery

SIZE = (120, 200)


@pytest.fixture
def session() -> Iterator[Session]:
    opened = open_session()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def clip() -> Clip:
    return covered(panned(scenery(200, 400), 16, SIZE, (2.0, 0.2)), Box(40, 40, 40, 30), (3.0, 0.6))


def track_of(clip: Clip, *keys: int) -> MaskTrack:
    return MaskTrack("thing", TrackKind.TRACKED, SIZE, {key: Mask.of(clip.masks[key]) for key in keys})


def painted(frames: list[Pixels], session: Session, what: Cleaning) -> list[Pixels]:
    results = []
    for frame, patches in zip(frames, clean_film(session, iter(frames), what, Context()), strict=True):
        result: Pixels = frame.copy()
        for patch in patches:
            patch.paint(result)
        results.append(result)
    return results


def test_frames_come_backwards() -> None:
    frames = [np.full((2, 2, 3), i, np.uint8) for i in range(60)]
    assert [int(f[0, 0, 0]) for f in backwards(Arrays(frames), 3, 55)] == list(range(54, 2, -1))


def test_a_key_is_carried_both_ways(session: Session, clip: Clip) -> None:
    track = track_masks(session, Arrays(clip.frames), track_of(clip, 8), Following(), Context())
    assert sorted(track.made) == [i for i in range(16) if i != 8]
    assert track.stops == ()
    for frame in range(16):
        assert overlap(mask_at(track, frame), Mask.of(clip.masks[frame])) > 0.75


def test_between_two_keys_it_comes_from_both_and_measures_its_drift(session: Session, clip: Clip) -> None:
    track = track_masks(session, Arrays(clip.frames), track_of(clip, 0, 15), Following(), Context())
    assert sorted(track.made) == list(range(1, 15))
    assert set(track.drift) == {0, 15}
    assert min(track.drift.values()) > 0.75
    assert overlap(mask_at(track, 8), Mask.of(clip.masks[8])) > 0.8


def test_one_way_only(session: Session, clip: Clip) -> None:
    ahead = Following(direction=Direction.FORWARD)
    assert sorted(track_masks(session, Arrays(clip.frames), track_of(clip, 12), ahead, Context()).made) == [13, 14, 15]
    back = Following(direction=Direction.BACKWARD)
    assert sorted(track_masks(session, Arrays(clip.frames), track_of(clip, 3), back, Context()).made) == [0, 1, 2]


def test_a_cut_ends_a_track_and_says_so(session: Session, clip: Clip) -> None:
    how = Following(cuts=frozenset({5, 12}))
    track = track_masks(session, Arrays(clip.frames), track_of(clip, 8), how, Context())
    assert sorted(track.made) == [5, 6, 7, 9, 10, 11]
    assert [(stop.frame, stop.reason) for stop in track.stops] == [(4, CUT), (12, CUT)]


def test_it_stops_where_the_thing_is_gone(session: Session, clip: Clip) -> None:
    frames = [*clip.frames[:8], *clip.truth[8:]]
    track = track_masks(session, Arrays(frames), track_of(clip, 2), Following(direction=Direction.FORWARD), Context())
    assert max(track.made) <= 9
    assert len(track.stops) == 1
    assert track.stops[0].reason != CUT


def test_a_track_without_a_key_is_refused(session: Session, clip: Clip) -> None:
    with pytest.raises(EngineError, match="has no key"):
        track_masks(session, Arrays(clip.frames), track_of(clip), Following(), Context())


class Reader:
    """Sees text wherever it is written in white, as one line."""

    def run(self, request: Request, ctx: Context) -> Result:
        assert isinstance(request, DetectText)
        white = (request.image.min(axis=2) > 235).astype(np.uint8) * np.uint8(255)
        box = Mask.of(white).box
        lines = []
        if int((white > 0).sum()) > 40:
            corners = [[box.x, box.y], [box.right, box.y], [box.right, box.bottom], [box.x, box.bottom]]
            lines = [TextLine(np.array(corners, np.float32), "words", 0.9)]
        coverage = np.zeros_like(white)
        if lines:
            coverage[box.slices] = 255
        return Detected(FoundText(lines, coverage), "cpu", {})


def titled(frames: list[Pixels], spans: dict[str, Span], move: float = 0.0) -> list[Pixels]:
    out = []
    for number, frame in enumerate(frames):
        page = Image.fromarray(np.minimum(frame, 200))
        for words, span in spans.items():
            if number in span:
                place = (30 + move * (number - span.start), 80)
                ImageDraw.Draw(page).text(place, words, (255, 255, 255), ImageFont.load_default(24))
        out.append(np.asarray(page))
    return out


def test_titles_begin_and_end_to_the_frame() -> None:
    spans = {"Where were you?": Span(3, 19), "At home.": Span(21, 34), "Alone?": Span(34, 47)}
    frames = titled(panned(scenery(200, 500), 52, SIZE, (2.5, 0.4)), spans)
    track, titles = find_subtitles(Reader(), Arrays(frames), Looking(), Context())
    assert [title.span for title in titles] == list(spans.values())
    assert [frame for frame in range(52) if mask_at(track, frame).empty] == [0, 1, 2, 19, 20, 47, 48, 49, 50, 51]
    assert {title.words for title in titles} == {"words"}


def test_all_of_a_title_is_covered_in_each_of_its_frames() -> None:
    frames = titled(panned(scenery(200, 500), 30, SIZE, (2.5, 0.4)), {"Never mind.": Span(5, 25)})
    track, _ = find_subtitles(Reader(), Arrays(frames), Looking(), Context())
    for number in range(5, 25):
        written = frames[number].min(axis=2) > 235
        assert (mask_at(track, number).dense(Box(0, 0, SIZE[1], SIZE[0]))[written] > 0).all()


def test_a_moving_title_is_followed() -> None:
    frames = titled(panned(scenery(200, 500), 40, SIZE, (0.5, 0.1)), {"News": Span(4, 36)}, move=2.0)
    track, titles = find_subtitles(Reader(), Arrays(frames), Looking(), Context())
    assert [title.span for title in titles] == [Span(4, 36)]
    for number in range(4, 36):
        written = frames[number].min(axis=2) > 235
        assert (mask_at(track, number).dense(Box(0, 0, SIZE[1], SIZE[0]))[written] > 0).mean() > 0.9


def test_a_cut_ends_a_title() -> None:
    both = [*panned(scenery(200, 500, 1), 20, SIZE, (1, 0)), *panned(scenery(200, 500, 2), 20, SIZE, (1, 0))]
    _, titles = find_subtitles(Reader(), Arrays(titled(both, {"On and on": Span(5, 35)})), Looking(), Context())
    assert [title.span for title in titles] == [Span(5, 20), Span(20, 35)]


def test_a_film_of_two_tracks_is_cleaned(session: Session, clip: Clip) -> None:
    logo = box_mask(Box(150, 10, 24, 12), SIZE)
    made = MaskTrack("thing", TrackKind.TRACKED, SIZE, {i: Mask.of(m) for i, m in enumerate(clip.masks)})
    tracks = (made, MaskTrack("logo", TrackKind.STATIC, SIZE, {0: logo}, engine="per-frame"))
    results = painted(clip.frames, session, Cleaning(tracks, fill="classical"))
    for number, (result, frame) in enumerate(zip(results, clip.frames, strict=True)):
        erased = (clip.masks[number] > 0) | (logo.dense(Box(0, 0, SIZE[1], SIZE[0])) > 0)
        assert np.array_equal(result[~erased], frame[~erased])
        assert not np.array_equal(result[erased], frame[erased])


def test_a_part_of_a_film_has_the_masks_of_its_own_frames(session: Session, clip: Clip) -> None:
    made = MaskTrack("thing", TrackKind.TRACKED, SIZE, {i: Mask.of(m) for i, m in enumerate(clip.masks)})
    patches = list(clean_film(session, iter(clip.frames[6:9]), Cleaning((made,)), Context(), first=6))
    for number, (patch,) in enumerate(patches, 6):
        assert np.array_equal(patch.alpha, Mask.of(clip.masks[number]).alpha)


def marked(opacity: float, count: int = 40) -> tuple[list[Pixels], list[Pixels], Mask]:
    truth = panned(scenery(260, 900, 12), count, SIZE, (12.0, 0.7))
    mask = box_mask(Box(60, 40, 50, 24), SIZE)
    mark = np.zeros((*SIZE, 1))
    mark[44:60, 64:106] = opacity
    frames = [np.rint(view * (1 - mark) + 230 * mark).astype(np.uint8) for view in truth]
    return frames, truth, mask


def test_a_mark_is_learnt_and_taken_off(session: Session) -> None:
    frames, truth, mask = marked(0.5)
    track = MaskTrack("mark", TrackKind.STATIC, SIZE, {0: mask}, learnt=True)
    ctx = Context()
    marks = learn_marks(Arrays(frames), (track,), ctx)
    assert abs(float(np.median(marks["mark"].opacity[marks["mark"].opacity > 0.2])) - 0.5) < 0.08
    results = painted(frames, session, Cleaning((track,), marks=marks))
    inside = (slice(44, 60), slice(64, 106))
    before, after = (
        np.mean([np.square(a[inside].astype(float) - t[inside]).mean() for a, t in zip(s, truth, strict=True)])
        for s in (frames, results)
    )
    assert after < before / 20


def test_before_a_still_picture_a_mark_cannot_be_learnt() -> None:
    frames, _, mask = marked(0.5, 2)
    track = MaskTrack("mark", TrackKind.STATIC, SIZE, {0: mask}, learnt=True)
    ctx = Context()
    assert learn_marks(Arrays([frames[0]] * 20), (track,), ctx) == {}
    assert "mark" in ctx.notes[0]


def test_a_clean_frame_is_spread_both_ways(session: Session) -> None:
    view = panned(scenery(200, 400), 1, SIZE, (0, 0))[0]
    clip = covered([view] * 12, Box(70, 40, 40, 30))
    track = MaskTrack("t", TrackKind.STATIC, SIZE, {0: Mask.of(clip.masks[0])}, (Span(0, 12),), reference=5)
    what = Cleaning((track,))
    ready = spread_reference(session, Arrays(clip.frames), track, view, what=what, ctx=Context())
    assert sorted(ready) == list(range(12))
    results = painted(clip.frames, session, without(what, track, ready))
    for result in results:
        # at the rim the frame itself is mixed in where it differs by no more than a few levels
        assert np.abs(result.astype(int) - view).max() <= 13
        assert np.abs(result.astype(int) - view)[clip.masks[0] > 0].mean() < 0.5


def test_a_clean_picture_of_another_size_is_refused(session: Session, clip: Clip) -> None:
    track = MaskTrack("t", TrackKind.STATIC, SIZE, {0: Mask.of(clip.masks[0])}, reference=3)
    with pytest.raises(EngineError, match="200 x 120"):
        spread_reference(
            session, Arrays(clip.frames), track, np.zeros((10, 10, 3), np.uint8), what=Cleaning((track,)), ctx=Context()
        )


def test_the_catalogue_knows_the_engines() -> None:
    catalog: Catalog = load_catalog()
    assert {"propagate", "per-frame"} <= set(catalog)
    assert Store().ready(catalog["propagate"])


def test_masks_go_into_a_folder_and_come_back(tmp_path: Path, clip: Clip) -> None:
    track = MaskTrack("t", TrackKind.TRACKED, SIZE, {i: Mask.of(m) for i, m in enumerate(clip.masks) if i % 2})
    assert write_masks((track,), tmp_path / "masks", 16, Context()) == 8
    back = read_masks(tmp_path / "masks", SIZE, 16, Context())
    for frame in range(16):
        assert overlap(mask_at(track, frame), mask_at(back, frame)) == 1
    with pytest.raises(EngineError, match="exists"):
        write_masks((track,), tmp_path / "masks", 16, Context())


def test_masks_of_another_size_are_refused(tmp_path: Path, clip: Clip) -> None:
    write_masks((track_of(clip, 3),), tmp_path / "masks", 16, Context())
    with pytest.raises(EngineError, match="60 x 60"):
        read_masks(tmp_path / "masks", (60, 60), 16, Context())


def test_a_folder_without_numbers_holds_no_masks(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="numbered"):
        read_masks(tmp_path, SIZE, 16, Context())
