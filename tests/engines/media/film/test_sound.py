"""Sound for playing: its bytes tell the time, wherever one begins."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engines.core.faults import EngineError
from engines.media.film.sound import CHANNELS, RATE, WIDTH, has_sound, sound_from

SECOND = RATE * CHANNELS * WIDTH


@pytest.fixture(scope="module", params=["pcm_s16le", "aac"])
def ticking(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of silence with a click at each tenth of a second, 44,100 Hz, beginning at 0.4 s."""
    path = tmp_path_factory.mktemp("sound") / f"{request.param}.mkv"
    with av.open(str(path), "w") as container:
        picture = container.add_stream("ffv1", rate=25)
        picture.width, picture.height, picture.pix_fmt = 16, 16, "yuv420p"
        stream = container.add_stream(request.param, rate=44100, layout="mono")
        for _ in range(60):
            container.mux(picture.encode(av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), "rgb24")))
        container.mux(picture.encode(None))
        wave = np.zeros(2 * 44100, np.int16)
        for tick in range(20):
            wave[tick * 4410 : tick * 4410 + 200] = 20000
        kind = "s16" if request.param.startswith("pcm") else "fltp"
        for start in range(0, wave.size, 1024):
            part = wave[None, start : start + 1024]
            data = part if kind == "s16" else (part / 32768).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(data, kind, "mono")
            frame.sample_rate, frame.time_base = 44100, Fraction(1, 44100)
            frame.pts = start + 17640
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def samples(path: Path, start: Fraction) -> np.ndarray:
    return np.frombuffer(b"".join(sound_from(path, start)), np.int16).reshape(-1, CHANNELS)


@pytest.mark.parametrize("start", [Fraction(0), Fraction(2, 5), Fraction(13, 20), Fraction(17, 10)])
def test_clicks_are_where_they_should_be(ticking: Path, start: Fraction) -> None:
    heard = samples(ticking, start)
    loud = np.abs(heard[:, 0].astype(int)) > 8000
    begins = np.flatnonzero(loud & ~np.concatenate([[False], loud[:-1]]))
    apart = begins[np.concatenate([[True], np.diff(begins) > 2000])]
    times = [float(start) + at / RATE for at in apart]
    expected = [0.4 + tick / 10 for tick in range(20) if 0.4 + tick / 10 >= float(start) - 0.003]
    assert len(times) == len(expected)
    assert max(abs(a - b) for a, b in zip(times, expected, strict=True)) < 0.004
    assert np.array_equal(heard[:, 0], heard[:, 1])


def test_silence_fills_the_time_before_the_sound(ticking: Path) -> None:
    assert not samples(ticking, Fraction(0))[: int(0.38 * RATE)].any()


def test_films_without_sound_give_none(ticking: Path, tmp_path: Path) -> None:
    silent = tmp_path / "silent.mkv"
    with av.open(str(silent), "w") as container:
        picture = container.add_stream("ffv1", rate=25)
        picture.width, picture.height, picture.pix_fmt = 16, 16, "yuv420p"
        container.mux(picture.encode(av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), "rgb24")))
        container.mux(picture.encode(None))
    assert has_sound(ticking)
    assert not has_sound(silent)
    assert list(sound_from(silent, Fraction(0))) == []
    assert samples(ticking, Fraction(9)).size == 0
    with pytest.raises(EngineError):
        has_sound(tmp_path / "nowhere.mp4")
