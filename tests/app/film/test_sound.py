"""Sound while a film plays: the picture follows what is heard; without a loudspeaker it plays on, and says so once."""

from __future__ import annotations

import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.state import qt_sink
from app.state.notices import Notice
from app.state.playback import WallClock
from app.state.sound import Loudspeaker, SoundClock
from app.state.workshop import Workshop
from app.ui.window import Window
from engines.core.faults import EngineError, Fault
from tests.app.conftest import Patience
from tests.app.film.clip import make_clip

SECOND = 48000 * 4


class FakeSink:
    """A device of a tenth of a second that plays at ``speed`` times the machine's clock, once something is there."""

    def __init__(self, speed: float = 1.0, delay: float = 0.0) -> None:
        self.speed, self.delay = speed, delay
        self.taken = b""
        self.starts = self.stops = 0
        self._begun = 0.0
        self.volume = -1.0

    def start(self) -> None:
        self.starts += 1
        self.taken, self._begun = b"", time.monotonic()

    def write(self, data: bytes) -> int:
        if not self.taken:
            self._begun = time.monotonic()
        taken = min(len(data), self.free())
        self.taken += data[:taken]
        return taken

    def free(self) -> int:
        return max(SECOND // 10 - (len(self.taken) - self._played()), 0) // 4 * 4

    def heard(self) -> int:
        return self._played() * 10**6 // SECOND

    def set_volume(self, volume: float) -> None:
        self.volume = volume

    def stop(self) -> None:
        self.stops += 1

    def _played(self) -> int:
        passed = max(time.monotonic() - self._begun - self.delay, 0)
        return min(int(passed * self.speed * SECOND), len(self.taken))


def with_sink(shop: Workshop, sink: FakeSink) -> FakeSink:
    speaker = Loudspeaker(shop.playback, shop.tasks, shop.settings, lambda: sink)
    speaker._ready()
    shop.loudspeaker = speaker
    return sink


def test_sound_is_played_from_the_playhead(film_shop: Workshop, wait: Patience) -> None:
    sink = with_sink(film_shop, FakeSink())
    film_shop.playback.go(10)
    film_shop.playback.play()
    wait(lambda: len(sink.taken) > SECOND // 3)
    film_shop.playback.pause()
    wave = np.frombuffer(sink.taken, np.int16)[::2][4800:9600].astype(float)
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(wave.size)))
    assert abs(np.argmax(spectrum) * 48000 / wave.size - 440) < 11, "the film's tone"
    assert (sink.starts, sink.stops) == (1, 1)


@pytest.mark.parametrize("speed", [0.5, 1.0])
def test_pictures_follow_what_is_heard(film_shop: Workshop, wait: Patience, speed: float) -> None:
    sink, play = with_sink(film_shop, FakeSink(speed)), film_shop.playback
    play.play()
    apart: list[float] = []
    play.moved.connect(lambda frame: apart.append(frame / 25 - sink.heard() / 10**6))
    begun = time.monotonic()
    wait(lambda: not play.playing)
    assert time.monotonic() - begun > 1.8 / speed, "it takes as long as the device does"
    late = sorted(abs(value) for value in apart[3:-3])
    assert late[int(len(late) * 0.8)] < 0.09


def test_behind_the_end_of_the_sound_the_film_plays_on(shop: Workshop, tmp_path: Path, wait: Patience) -> None:
    import av

    path = tmp_path / "short_sound.mkv"
    whole = make_clip(tmp_path / "whole.mp4", 30)
    with av.open(str(whole)) as source, av.open(str(path), "w") as target:
        streams = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            late = packet.pts is None or packet.pts * packet.time_base > Fraction(2, 5)
            if packet.size and not (packet.stream.type == "audio" and late):
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    shop.files.open(path)
    wait(lambda: shop.playback.reel is not None)
    with_sink(shop, FakeSink())
    shop.playback.play()
    wait(lambda: not shop.playback.playing, 10)
    assert shop.playback.reel is not None
    assert shop.playback.reel.frame == 29


def test_a_device_that_plays_nothing_is_not_waited_for(film_shop: Workshop) -> None:
    reel = film_shop.playback.reel
    assert reel is not None
    clock = SoundClock(reel, FakeSink(0.0), film_shop)
    clock.start(reel.film.times[10])
    assert clock.now() == reel.film.times[10], "at first it stands still"
    time.sleep(0.8)
    assert reel.film.times[10] + 0.1 < clock.now() < reel.film.times[10] + 1
    clock.stop()


def test_a_device_that_begins_late_catches_up(film_shop: Workshop, wait: Patience) -> None:
    sink, play = with_sink(film_shop, FakeSink(delay=1.1)), film_shop.playback
    places: list[tuple[float, int]] = []
    play.moved.connect(lambda frame: places.append((time.monotonic(), frame)))
    play.play()
    wait(lambda: not play.playing)
    frames = [frame for _, frame in places]
    assert frames == sorted(frames)
    drift = [at - places[0][0] - (frame - places[0][1]) / 25 for at, frame in places]
    assert sorted(abs(value) for value in drift)[int(len(drift) * 0.8)] < 0.12, "the picture does not stop for it"
    assert len(sink.taken) < 1.75 * SECOND, "what was over is left out"


def test_it_is_as_loud_as_the_person_wants(film_shop: Workshop) -> None:
    sink = with_sink(film_shop, FakeSink())
    speaker = film_shop.loudspeaker
    assert sink.volume == 1.0
    speaker.set_volume(40)
    assert sink.volume == 0.4
    speaker.mute(True)
    assert (sink.volume, speaker.volume) == (0.0, 40)
    assert with_sink(film_shop, FakeSink()).volume == 0.0, "it is remembered"
    speaker.mute(False)
    assert sink.volume == 0.4
    speaker.mute(True)
    speaker.set_volume(140)
    assert (sink.volume, speaker.muted) == (1.0, False), "whoever makes it louder wants to hear it"


def test_the_transport_bar_has_a_volume(film_window: Window, tmp_path: Path, wait: Patience) -> None:
    shop = film_window.workshop
    control = film_window.timeline.transport.volume
    assert control.isVisible()
    control.slider.setValue(30)
    assert shop.loudspeaker.volume == 30
    control.mute.click()
    assert (shop.loudspeaker.muted, control.slider.value()) == (True, 0)
    QTest.keyClick(film_window, Qt.Key.Key_M)
    assert (shop.loudspeaker.muted, control.slider.value()) == (False, 30)
    shop.files.open(make_clip(tmp_path / "silent.mp4", 5, sound=False))
    wait(lambda: not control.isVisible())


def test_without_a_device_it_is_said_once(shop: Workshop, clip: Path, wait: Patience,
                                          monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    def missing() -> None:
        raise EngineError(Fault.NO_BACKEND, "the sound library cannot be loaded.", "sudo apt-get install libpulse0")

    monkeypatch.setattr(qt_sink, "load_multimedia", missing)
    told: list[Notice] = []
    shop.editor.told.connect(told.append)
    for _ in range(2):
        shop.files.open(clip)
        wait(lambda: shop.playback.reel is not None and not shop.tasks.running)
        shop.editor.open(None)
    assert [notice.message for notice in told] == ["Films play without sound: the sound library cannot be loaded."]
    assert told[0].hint == "sudo apt-get install libpulse0"


def test_films_without_sound_keep_the_machine_s_time(shop: Workshop, tmp_path: Path, wait: Patience) -> None:
    shop.files.open(make_clip(tmp_path / "silent.mp4", 5, sound=False))
    wait(lambda: shop.playback.reel is not None)
    sink = with_sink(shop, FakeSink())
    reel = shop.playback.reel
    assert reel is not None
    assert isinstance(shop.playback.clock_of(reel), WallClock)
    assert sink.starts == 0


def test_the_library_is_loaded_or_refused_in_words() -> None:
    """In a process of its own: a library that is missing on this machine must not end the program."""
    code = (
        "from PySide6.QtWidgets import QApplication; a = QApplication([])\n"
        "from app.state.qt_sink import open_sink\nfrom engines.core.faults import EngineError\n"
        "try:\n    s = open_sink(); s.set_volume(0.5); s.start(); s.write(bytes(400))\n"
        "    print('plays', s.free() > 0, s.heard() >= 0); s.stop()\n"
        "except EngineError as e:\n    print('refused', e.message, e.hint)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True,
        cwd=Path(__file__).resolve().parents[3],
    )  # fmt: skip
    said = done.stdout.strip().splitlines()[-1]
    assert said == "plays True True" or said.startswith("refused "), done.stderr
