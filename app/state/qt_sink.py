"""The machine's own loudspeaker, by way of QtMultimedia, which not every machine can load."""

from __future__ import annotations

import importlib
from typing import Any

from engines.core.faults import EngineError, Fault

_BUFFER = 0.12
"""Seconds of sound that wait in the device."""


def load_multimedia() -> Any:
    """The module ``PySide6.QtMultimedia``; raises ``EngineError`` (NO_BACKEND) where a library is missing."""
    try:
        return importlib.import_module("PySide6.QtMultimedia")
    except ImportError as error:
        message = f"the sound library cannot be loaded ({error})."
        hint = "On Debian and Ubuntu: sudo apt-get install libpulse0; else: pip install PySide6_Addons."
        raise EngineError(Fault.NO_BACKEND, message, hint) from error


def open_sink() -> QtSink:
    """The default device; raises ``EngineError`` (NO_DEVICE) where there is none."""
    multimedia = load_multimedia()
    device = multimedia.QMediaDevices.defaultAudioOutput()
    if device.isNull():
        raise EngineError(Fault.NO_DEVICE, "this machine has no sound device.", "Connect one and open the film again.")
    return QtSink(multimedia, device)


class QtSink:
    """A ``Sink`` over ``QAudioSink``."""

    def __init__(self, multimedia: Any, device: Any) -> None:
        from engines.media.film.sound import CHANNELS, RATE, WIDTH

        shape = multimedia.QAudioFormat()
        shape.setSampleRate(RATE)
        shape.setChannelCount(CHANNELS)
        shape.setSampleFormat(multimedia.QAudioFormat.SampleFormat.Int16)
        self._audio = multimedia.QtAudio
        self._sink = multimedia.QAudioSink(device, shape)
        self._sink.setBufferSize(int(RATE * CHANNELS * WIDTH * _BUFFER) // 4 * 4)
        self._device: Any = None

    def start(self) -> None:
        self._device = self._sink.start()

    def write(self, data: bytes) -> int:
        return 0 if self._device is None else max(int(self._device.write(data)), 0)

    def free(self) -> int:
        return 0 if self._device is None else int(self._sink.bytesFree()) // 4 * 4

    def set_volume(self, volume: float) -> None:
        """As the ear hears it: half of 1 is half as loud."""
        scale = self._audio.VolumeScale
        self._sink.setVolume(self._audio.convertVolume(volume, scale.LogarithmicVolumeScale, scale.LinearVolumeScale))

    def heard(self) -> int:
        """What the device has taken out of its buffer (measured with PulseAudio: what waits there is not counted)."""
        return int(self._sink.processedUSecs())

    def stop(self) -> None:
        self._sink.reset()
        self._device = None
