"""Films through the whole export: what was not edited stays, whatever happens on the way."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engines.core.context import Context
from engines.core.faults import Cancelled, EngineError, Fault
from engines.core.types import Box, Patch
from engines.jobs.export_film import ExportReport, discard, export_film, parts_folder
from engines.jobs.film_edit import FilmEdit, Untouched
from engines.jobs.film_pieces import ExportSettings
from engines.media.film.encoders import Encoding, opens
from engines.media.film.film import Film, Frame
from engines.media.film.formats import CODECS, CONTAINERS, Codec, Container
from engines.media.film.probe import probe
from engines.media.film.reader import open_film
from engines.media.film.samples import plane
from tests.cli.run import ROOT
from tests.engines.media.film.clips import Clip, make
from tests.engines.media.film.rich import make_rich, other_packets

SHARED = ROOT.parent / "shared" / "data" / "media_zoo" / "video"
FAST = {"preset": "ultrafast"}
PAIRS = [(row, codec) for row in CONTAINERS for codec in row.codecs if not row.pictures]
RICH = [(".mkv", "srt", ("aac", "flac")), (".mp4", "mov_text", ("aac", "aac"))]
CLIP = Clip("a.mp4", options={"g": "12", "preset": "veryfast"}, frames=40)


class Paints:
    """Paints a box grey on some frames; counts how often it was asked."""

    def __init__(self, box: Box, frames: range, shade: int = 128) -> None:
        self.box, self.frames, self.shade = box, frames, shade
        self.asked: list[int] = []

    def key(self, start: int, stop: int) -> str:
        inside = [index for index in range(start, stop) if index in self.frames]
        return f"{self.box} {inside[0]} {inside[-1]} {self.shade}" if inside else ""

    def edited(self, film: Film, start: int, stop: int, ctx: Context) -> Iterator[tuple[Frame, Sequence[Patch]]]:
        for frame in film.frames(start, stop):
            self.asked.append(frame.index)
            yield frame, self.patches(frame)

    def patches(self, frame: Frame) -> Sequence[Patch]:
        if frame.index not in self.frames:
            return ()
        pixels = np.full((self.box.h, self.box.w, 3), self.shade, np.uint8)
        return [Patch(self.box, pixels, np.full((self.box.h, self.box.w), 255, np.uint8))]


def export(source: Path, target: Path, edit: FilmEdit | None = None, **settings: object) -> ExportReport:
    chosen = ExportSettings(source, target, segment_frames=16, **settings)  # type: ignore[arg-type]
    return export_film(chosen, edit or Untouched(), Context())


def planes(frame: Frame) -> list[np.ndarray]:
    wide = max(part.bits for part in frame.native.format.components) > 8
    return [plane(frame.native, number, wide=wide) for number in range(len(frame.native.planes))]


def fast(codec: Codec) -> Encoding:
    presets = {Codec.H264: "ultrafast", Codec.H265: "ultrafast", Codec.AV1: "13"}
    return Encoding(codec, preset=presets.get(codec))


def test_unedited_frames_go_to_the_encoder_as_they_were_decoded(tmp_path: Path) -> None:
    source = make(CLIP, tmp_path)
    export(source, tmp_path / "b.mkv", encoding=Encoding(Codec.FFV1))
    with open_film(source) as before, open_film(tmp_path / "b.mkv") as after:
        for one, other in zip(before.frames(), after.frames(), strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(planes(one), planes(other), strict=True))


def test_outside_of_patches_nothing_changes(tmp_path: Path) -> None:
    source = make(CLIP, tmp_path)
    edit = Paints(Box(31, 21, 30, 24), range(10, 20))
    report = export(source, tmp_path / "b.mkv", edit, encoding=Encoding(Codec.FFV1))
    assert report.frames == report.encoded == 40
    assert edit.asked == list(range(32))  # the last segment has nothing to edit
    with open_film(source) as before, open_film(tmp_path / "b.mkv") as after:
        for one, other in zip(before.frames(), after.frames(), strict=True):
            changed = [np.argwhere(a != b) for a, b in zip(planes(one), planes(other), strict=True)]
            if one.index not in edit.frames:
                assert not any(len(places) for places in changed)
                continue
            assert changed[0].min(axis=0).tolist() == [21, 31]
            assert changed[0].max(axis=0).tolist() == [44, 60]
            assert changed[1].min(axis=0).tolist() >= [10, 15]
            assert np.abs(other.region(Box(36, 26, 20, 14)).astype(int) - 128).max() <= 2


@pytest.mark.parametrize(
    ("row", "codec"),
    PAIRS,
    ids=lambda value: getattr(value, "name", ""),
)
@pytest.mark.parametrize("kind", ["even", "variable"])
def test_every_container_with_every_codec(tmp_path: Path, row: Container, codec: Codec, kind: str) -> None:
    assert opens(CODECS[codec].encoders[0])
    unit = Fraction(1, 1000)
    times = tuple(range(0, 720, 40)) if kind == "even" else (0, 40, 70, 200, 230, 240, 400, 460, 500, 510, 530, 700)
    clip = Clip("s.mkv", frames=len(times), times=times, time_base=unit, options=FAST)
    source = make(clip, tmp_path)
    target = tmp_path / f"t{row.endings[0]}"
    report = export(source, target, encoding=fast(codec))
    assert report.frames == len(times)
    with open_film(target) as film:
        assert [time - film.times[0] for time in film.times] == [tick * unit for tick in times]
        assert film.info.codec == CODECS[codec].canonical
        with open_film(source) as before:
            for number in (0, len(times) // 2, len(times) - 1):
                assert np.abs(unit_pixels(film, number) - unit_pixels(before, number)).mean() < 0.012


def unit_pixels(film: Film, number: int) -> np.ndarray:
    pixels = film.frame(number).pixels
    return pixels / np.iinfo(pixels.dtype).max


@pytest.mark.parametrize(
    ("ending", "subtitle", "sounds"), [(".mkv", "srt", ("aac", "flac")), (".mp4", "mov_text", ("aac", "aac"))]
)
def test_all_other_streams_are_copied_packet_by_packet(
    tmp_path: Path, ending: str, subtitle: str, sounds: tuple[str, ...]
) -> None:
    source = make_rich(tmp_path / f"rich{ending}", CLIP, sounds, subtitle)
    target = tmp_path / f"out{ending}"
    report = export(source, target, Paints(Box(20, 20, 30, 30), range(5, 9)))
    assert len(report.copied) == len(probe(source).others) - (ending == ".mp4")
    assert other_packets(target) == other_packets(source)
    before, after = probe(source), probe(target)
    assert before.chapters == after.chapters
    for told in (before, after):
        tags = {key.lower(): text for key, text in told.metadata.items()}
        assert (tags["title"], tags["artist"], tags["comment"]) == ("A walk", "Nobody", "kept")
    kinds = {stream.kind for stream in before.others}
    for one, other in zip(before.others, after.others, strict=False):
        assert one.kind in kinds
        assert one.dispositions == other.dispositions
        assert one.metadata.get("language") == other.metadata.get("language")


@pytest.mark.parametrize(
    "name",
    [
        "chapters_cover_movtext.mp4",
        "audio_delayed_600ms.mp4",
        "start_at_2h.ts",
        "two_video_streams.mkv",
        "audio_longer.mp4",
    ],
)
def test_other_streams_of_the_shared_zoo(tmp_path: Path, name: str) -> None:
    if not SHARED.is_dir():
        pytest.skip("the media zoo (../shared/data/media_zoo) is not on this machine")
    source, target = SHARED / name, tmp_path / name
    export(source, target, encoding=fast(Codec.H264))
    assert sorted(other_packets(target)) == sorted(other_packets(source))
    with open_film(source) as before, open_film(target) as after:
        assert list(before.times) == list(after.times)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turn_aspect_and_colour_are_kept(tmp_path: Path, orientation: int) -> None:
    clip = Clip("s.mp4", orientation=orientation, aspect=Fraction(4, 3), colour=(1, 2, 1, 1), options=FAST, frames=4)
    source = make(clip, tmp_path)
    export(source, tmp_path / "t.mov", encoding=fast(Codec.H265))
    before, after = probe(source), probe(tmp_path / "t.mov")
    assert before.orientation == orientation
    for name in ("orientation", "sample_aspect", "colour", "size", "coded", "display_matrix"):
        assert getattr(before, name) == getattr(after, name), name


@pytest.mark.parametrize("codec", [Codec.H265, Codec.H264, Codec.AV1])
def test_the_light_of_an_hdr_film_is_kept(tmp_path: Path, codec: Codec) -> None:
    params = "log-level=none:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
    clip = Clip(
        "s.mp4",
        "libx265",
        "yuv420p10le",
        frames=6,
        colour=(9, 1, 16, 9),
        options={"x265-params": params + ":max-cll=900,300"},
    )
    source = make(clip, tmp_path)
    assert probe(source).light.max_cll == 900
    export(source, tmp_path / "t.mp4", encoding=fast(codec))
    after = probe(tmp_path / "t.mp4")
    assert after.colour == probe(source).colour
    assert (after.light.max_cll, after.light.max_fall) == (900, 300)
    points = zip(after.light.primaries or (), probe(source).light.primaries or (), strict=True)
    assert all(abs(a[0] - b[0]) < Fraction(1, 10000) and abs(a[1] - b[1]) < Fraction(1, 10000) for a, b in points)
    assert after.layout.bits == 10


def test_an_odd_size_is_never_cropped(tmp_path: Path) -> None:
    source = make(Clip("s.mkv", "ffv1", "yuv420p", size=(97, 131), frames=5, time_base=Fraction(1, 1000)), tmp_path)
    report = export(source, tmp_path / "t.mp4", encoding=fast(Codec.H264))
    assert probe(tmp_path / "t.mp4").size == (97, 131)
    assert any("4:4:4" in note for note in report.notes)


def test_a_container_that_cannot_hold_a_stream_says_so_first(tmp_path: Path) -> None:
    source = make_rich(tmp_path / "rich.mkv", CLIP)
    with pytest.raises(EngineError, match="attachment") as caught:
        export(source, tmp_path / "t.mp4")
    assert "Matroska (.mkv)" in caught.value.hint
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rich.mkv"]
    report = export(source, tmp_path / "t.mp4", leave_out=True)
    assert len(report.left_out) == 2
    assert any("left out" in note for note in report.notes)


def test_only_changed_segments_are_made_anew(tmp_path: Path) -> None:
    source = make(CLIP, tmp_path)
    settings = {"encoding": fast(Codec.H264), "keep": True, "overwrite": True}
    assert export(source, tmp_path / "t.mp4", Paints(Box(8, 8, 40, 40), range(4, 30)), **settings).encoded == 40
    again = Paints(Box(8, 8, 40, 40), range(4, 30))
    assert export(source, tmp_path / "t.mp4", again, **settings).encoded == 0
    assert again.asked == []
    changed = export(source, tmp_path / "t.mp4", Paints(Box(8, 8, 40, 40), range(4, 31)), **settings)
    assert (changed.encoded, changed.reused, changed.segments) == (16, 2, 3)
    whole = tmp_path / "whole.mp4"
    export(source, whole, Paints(Box(8, 8, 40, 40), range(4, 31)), encoding=fast(Codec.H264))
    assert whole.read_bytes() == (tmp_path / "t.mp4").read_bytes()
    discard(ExportSettings(source, tmp_path / "t.mp4"))
    assert not parts_folder(ExportSettings(source, tmp_path / "t.mp4")).exists()


CLOSED = {"x264-params": "keyint=10:min-keyint=10:scenecut=0:open-gop=0:bframes=2", "preset": "veryfast"}
H265 = {"x265-params": "keyint=10:min-keyint=10:scenecut=0:open-gop=0:log-level=none"}
VP9 = {"g": "10", "deadline": "realtime"}
AV1 = {"g": "10", "preset": "12", "svtav1-params": "lp=1"}
COPIES = {
    "h264.mp4": Clip("s.mp4", options=CLOSED),
    "h264.mkv": Clip("s.mp4", options=CLOSED),
    "h264.ts": Clip("s.ts", options=CLOSED, time_base=Fraction(1, 90000)),
    "h265.mp4": Clip("s.mp4", "libx265", options=H265),
    "h265.mkv": Clip("s.mkv", "libx265", "yuv420p10le", options=H265),
    "vp9.webm": Clip("s.webm", "libvpx-vp9", options=VP9, time_base=Fraction(1, 1000)),
    "av1.mp4": Clip("s.mp4", "libsvtav1", options=AV1),
    "prores.mov": Clip("s.mov", "prores_ks", "yuv422p10le"),
}
TOUCHED = range(12, 18)


@pytest.mark.parametrize("name", COPIES)
def test_untouched_groups_are_copied(tmp_path: Path, name: str) -> None:
    source = make(COPIES[name], tmp_path)
    codec = Codec(name.partition(".")[0])
    edit = Paints(Box(31, 21, 30, 24), TOUCHED)
    report = export(source, tmp_path / f"t_{name}", edit, copy_untouched=True, encoding=fast(codec))
    assert report.notes == []
    assert (report.kept, report.encoded) == ((34, 6) if name == "prores.mov" else (30, 10))
    with open_film(source) as before, open_film(tmp_path / f"t_{name}") as after:
        for one, other in zip(before.frames(), after.frames(), strict=True):
            assert one.time - before.times[0] == other.time - after.times[0]
            alike = all(np.array_equal(a, b) for a, b in zip(planes(one), planes(other), strict=True))
            assert alike or 10 <= one.index < 20
            assert not (alike and one.index in TOUCHED)


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
def test_groups_that_refer_to_each_other_are_not_copied(tmp_path: Path, codec: Codec) -> None:
    options = {"x264-params": "keyint=10:scenecut=0:open-gop=1:bframes=3:b-adapt=0", "preset": "veryfast"}
    source = make(Clip("s.mp4", options=options), tmp_path)
    edit = Paints(Box(31, 21, 30, 24), TOUCHED)
    report = export(source, tmp_path / "t.mp4", edit, copy_untouched=True, encoding=fast(codec))
    assert (report.kept, report.encoded) == (0, 40)
    reason = "there is an edit in every group" if codec is Codec.H264 else "the source is h264"
    assert report.notes[0].startswith(f"Everything was encoded anew: {reason}")


def test_a_join_that_cannot_be_trusted_is_encoded_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make(Clip("s.mp4", options=CLOSED), tmp_path)
    monkeypatch.setattr("engines.media.film.copying._alike", lambda *_: False)
    settings = {"copy_untouched": True, "encoding": fast(Codec.H264)}
    report = export(source, tmp_path / "t.mp4", Paints(Box(31, 21, 30, 24), TOUCHED), **settings)
    assert (report.kept, report.encoded) == (0, 40)
    assert report.notes == ["Everything was encoded anew: the joined film could not be decoded without an error."]


def test_a_range_is_written_alone(tmp_path: Path) -> None:
    source = make_rich(tmp_path / "rich.mkv", CLIP)
    target = tmp_path / "t.mkv"
    report = export(source, target, start=Fraction(1, 2), end=Fraction(1))
    assert report.frames == 13  # the frame on the screen at 0.5 s began at 0.48 s
    with open_film(target) as film, open_film(source) as whole:
        assert film.times[0] == 0
        assert len(film) == 13
        sound, other, words, _ = other_packets(target)
        assert 0 <= sound[0][0] < Fraction(3, 100)
        assert 0 <= other[0][0] < Fraction(1, 10)
        assert words == [(Fraction(0), b"hello"), (Fraction(21, 50), b"good bye")]
        assert np.abs(film.frame(0).pixels.astype(int) - whole.frame(12).pixels).mean() < 3
    assert [chapter.title for chapter in probe(target).chapters] == ["One", "Two"]
    with pytest.raises(EngineError, match="no frame in that range"):
        export(source, tmp_path / "u.mkv", start=Fraction(100))


def test_cancelling_leaves_no_file(tmp_path: Path) -> None:
    source = make(CLIP, tmp_path)
    steps: list[float] = []
    ctx = Context(report=lambda done, *_: steps.append(done), cancelled=lambda: len(steps) > 20)
    settings = ExportSettings(source, tmp_path / "t.mp4", segment_frames=8)
    with pytest.raises(Cancelled):
        export_film(settings, Untouched(), ctx)
    assert not settings.target.exists()
    report = export_film(settings, Untouched(), Context())
    assert 0 < report.reused < report.segments
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "t.mp4"]


def test_an_error_of_the_engine_comes_through(tmp_path: Path) -> None:
    class Fails(Paints):
        def patches(self, frame: Frame) -> Sequence[Patch]:
            raise EngineError(Fault.OUT_OF_MEMORY, "Memory ran out.")

    source = make(CLIP, tmp_path)
    with pytest.raises(EngineError, match="Memory ran out"):
        export(source, tmp_path / "t.mp4", Fails(Box(0, 0, 8, 8), range(40)))
    assert not (tmp_path / "t.mp4").exists()


RUN = """
import resource, sys
from pathlib import Path
from engines.core.context import Context
from engines.core.faults import EngineError
from engines.core.types import Box
from engines.jobs.export_film import export_film
from engines.jobs.film_pieces import ExportSettings
from tests.engines.jobs.test_export_film import Paints
limit = int(sys.argv[3])
if limit:
    import signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
settings = ExportSettings(Path(sys.argv[1]), Path(sys.argv[2]), segment_frames=8)
try:
    export_film(settings, Paints(Box(8, 8, 60, 40), range(10, 90)), Context())
except EngineError as error:
    print(error)
    sys.exit(1)
"""


def start(source: Path, target: Path, limit: int = 0, **variables: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, str(source), str(target), str(limit)]
    pipe, memory = subprocess.PIPE, {**os.environ, **variables}
    return subprocess.Popen(command, cwd=ROOT, text=True, env=memory, stdout=pipe, stderr=pipe)


def test_killed_at_any_moment_the_result_is_that_of_an_unbroken_run(tmp_path: Path) -> None:
    source = make(Clip("s.mp4", size=(360, 480), frames=100, options=FAST), tmp_path)
    whole, killed = tmp_path / "whole.mp4", tmp_path / "killed.mp4"
    began = time.monotonic()
    assert start(source, whole).communicate() == ("", "")
    lasted = time.monotonic() - began
    chosen = random.Random(11)
    for _ in range(5):
        run = start(source, killed)
        time.sleep(lasted * chosen.uniform(0.2, 1.0))
        run.send_signal(signal.SIGKILL)
        run.communicate()
        if killed.exists():
            assert killed.read_bytes() == whole.read_bytes()
            killed.unlink()
    assert start(source, killed).communicate() == ("", "")
    assert killed.read_bytes() == whole.read_bytes()


def test_encoders_give_the_same_whatever_is_in_memory(tmp_path: Path) -> None:
    source = make(Clip("s.mp4", size=(360, 480), frames=100, options=FAST), tmp_path)
    results = []
    for filling in ("0", "85", "170"):
        target = tmp_path / f"{filling}.mp4"
        run = start(source, target, MALLOC_PERTURB_=filling)
        assert run.communicate() == ("", "")
        results.append(target.read_bytes())
    assert results[0] == results[1] == results[2]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are POSIX")
def test_a_full_disk_is_a_clear_error(tmp_path: Path) -> None:
    source = make(Clip("s.mp4", size=(360, 480), frames=100, options=FAST), tmp_path)
    target = tmp_path / "t.mp4"
    for limit in (2_000, 200_000):  # in a segment; while joining
        run = start(source, target, limit)
        shown, errors = run.communicate()
        assert (run.returncode, errors) == (1, "")
        assert shown.startswith("The disk is full: ")
        assert not target.exists()
    assert start(source, target).communicate() == ("", "")
