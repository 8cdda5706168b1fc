"""A film with much besides its pictures, and what is compared of it: packets of every other stream."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np

from engines.media.film.probe import opened, probe
from tests.engines.media.film.clips import Clip, frames


def make_rich(path: Path, clip: Clip, sounds: tuple[str, ...] = ("aac", "flac"), subtitle: str = "srt") -> Path:
    """Write ``clip`` with two sound tracks, subtitles, chapters and tags; in Matroska with an attachment."""
    with av.open(str(path), "w") as container:
        container.metadata.update({"title": "A walk", "artist": "Nobody", "comment": "kept"})
        video = cast("av.VideoStream", container.add_stream(clip.codec, rate=clip.rate, options=dict(clip.options)))
        video.height, video.width = clip.size
        video.pix_fmt = clip.kind
        video.time_base = video.codec_context.time_base = clip.time_base
        tracks = [_sound_track(container, codec, number) for number, codec in enumerate(sounds)]
        words = container.add_mux_stream(subtitle)
        words.time_base = Fraction(1, 1000)
        if path.suffix == ".mkv":
            container.add_attachment("note.txt", "text/plain", b"kept to the byte")
        unit = Fraction(1, 1000)
        parts = [(0, 700, "One"), (700, 1600, "Two")]
        container.set_chapters(
            [
                {"id": number, "start": start, "end": end, "time_base": unit, "metadata": {"title": title}}
                for number, (start, end, title) in enumerate(parts)
            ]
        )
        container.start_encoding()
        for frame in frames(clip):
            container.mux(video.encode(frame))
        for number, track in enumerate(tracks):
            _play(container, track, 300.0 * (number + 1))
        _say(container, words, subtitle)
        container.mux(video.encode(None))
    return path


def _sound_track(container: av.container.OutputContainer, codec: str, number: int) -> av.AudioStream:
    track = cast("av.AudioStream", container.add_stream(codec, rate=48000))
    track.layout = "stereo"
    track.metadata["language"] = ("ger", "fra")[number % 2]
    track.metadata["title"] = f"track {number}"
    track.disposition = av.stream.Disposition.default if number == 0 else av.stream.Disposition.comment
    return track


def _play(container: av.container.OutputContainer, track: av.AudioStream, pitch: float) -> None:
    size = 1024
    for start in range(0, 76800, size):
        wave = np.sin(2 * np.pi * pitch * np.arange(start, start + size) / 48000) * 8000
        sound = av.AudioFrame.from_ndarray(np.stack([wave, -wave]).astype(np.int16), "s16p", "stereo")
        sound.sample_rate, sound.pts, sound.time_base = 48000, start, Fraction(1, 48000)
        container.mux(track.encode(sound))
    container.mux(track.encode(None))


def _say(container: av.container.OutputContainer, words: av.stream.Stream, subtitle: str) -> None:
    for start, text in ((100, "hello"), (900, "good bye")):
        length = len(text).to_bytes(2, "big") if subtitle == "mov_text" else b""
        packet = av.Packet(length + text.encode())
        packet.stream = words
        packet.time_base = Fraction(1, 1000)
        packet.pts = packet.dts = start
        packet.duration = 500
        container.mux(packet)


def other_packets(path: Path) -> list[list[tuple[Fraction, bytes]]]:
    """Times and bytes of every packet of every stream but the film's pictures, and attachments whole.

    Empty subtitles, which some containers put into gaps, are left out; uncompressed sound, which has no packets
    of its own, is one piece. QuickTime's chapter titles come with the chapters.
    """
    info = probe(path)
    found: dict[int, list[tuple[Fraction, bytes]]] = {stream.index: [] for stream in info.others}
    with opened(path) as container:
        for stream in container.streams:
            if stream.type == "attachment":
                found[stream.index] = [(Fraction(0), cast("av.stream.AttachmentStream", stream).data)]
        streams = [container.streams[index] for index in found if container.streams[index].type != "attachment"]
        for packet in container.demux(streams) if streams else ():
            data = bytes(packet)
            if data and data != b"\0\0" and packet.pts is not None:
                found[packet.stream.index].append((packet.pts * packet.time_base, data))
    for told in info.others:
        packets = found[told.index]
        if told.codec == "bin_data" and info.chapters:
            del found[told.index]
        elif told.codec.startswith("pcm"):
            found[told.index] = [(packets[0][0], b"".join(data for _, data in packets))]
    return list(found.values())
