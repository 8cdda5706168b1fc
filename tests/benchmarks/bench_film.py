"""Films at length: memory on an hour of 1080p, frames a second by stage, and the price of an edit.

``python -m tests.benchmarks.bench_film [--hours 1] [--frames 600]`` prints a table. The long film is a few seconds
whose packets are written over and over, so that it is made in no time and read like any other.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from engines.core.context import Context
from engines.core.measure import peak_memory
from engines.core.types import Box, Patch
from engines.jobs.export_film import export_film
from engines.jobs.film_pieces import ExportSettings
from engines.media.film.encode import SegmentEncoder
from engines.media.film.encoders import Encoding, set_up
from engines.media.film.film import Film, Frame
from engines.media.film.formats import Codec
from engines.media.film.index import index_of
from engines.media.film.reader import open_film

UNIT = Fraction(1, 12800)
STEP = 512
LOOP = 100
SIZE = (1080, 1920)


class StaticLogo:
    """A logo that stands still: the same patch on every frame, as a cleaned plate gives it."""

    box = Box(1500, 60, 320, 120)

    def key(self, start: int, stop: int) -> str:
        return f"logo {self.box}"

    def edited(self, film: Film, start: int, stop: int, ctx: Context) -> Iterator[tuple[Frame, Sequence[Patch]]]:
        alpha = np.full((self.box.h, self.box.w), 255, np.uint8)
        for frame in film.frames(start, stop):
            ctx.step(0.0)
            below = frame.region(self.box.moved(0, self.box.h))
            yield frame, [Patch(self.box, below, alpha)]


def drawn(number: int) -> av.VideoFrame:
    """A moving picture with some texture."""
    rows, columns = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    wave = 60 * np.sin((columns + 7 * number) / 31.0) + 40 * np.cos((rows - 3 * number) / 23.0)
    grain = np.random.default_rng(number).normal(0, 3, SIZE)
    image = np.clip(np.stack([128 + wave + grain, 120 + 0.5 * wave, 140 - wave], 2), 0, 255).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(image, "rgb24").reformat(format="yuv420p")
    frame.time_base = UNIT
    return frame


def make_long(path: Path, frames: int) -> None:
    """Write ``frames`` frames: ``LOOP`` are encoded, their packets repeated."""
    with av.open(str(path), "w") as container:
        options = {"preset": "veryfast", "crf": "20", "x264-params": "open-gop=0:keyint=50"}
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.height, stream.width = SIZE
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = UNIT
        packets = []
        for number in range(LOOP):
            frame = drawn(number)
            frame.pts = number * STEP
            packets += stream.encode(frame)
        packets += stream.encode(None)
        kept = [(bytes(packet), packet.pts or 0, packet.dts or 0, packet.is_keyframe) for packet in packets]
        for start in range(0, frames, LOOP):
            for data, pts, dts, key in kept:
                packet = av.Packet(data)
                packet.stream, packet.time_base = stream, UNIT
                packet.pts, packet.dts, packet.is_keyframe = pts + start * STEP, dts + start * STEP, key
                container.mux_one(packet)


def timed(label: str, count: int, began: float) -> float:
    seconds = time.perf_counter() - began
    print(f"{label:44} {count:7} frames {seconds:8.2f} s {count / seconds:9.1f} fps  peak {peak_memory() >> 20} MiB")
    return count / seconds


def bench_long(path: Path, frames: int) -> None:
    began = time.perf_counter()
    index_of(path)
    timed("index, built once", frames, began)
    began = time.perf_counter()
    with open_film(path) as film:
        timed("open with the index remembered", len(film), began)
        chosen = random.Random(5)
        began = time.perf_counter()
        for _ in range(40):
            film.frame(chosen.randrange(len(film))).pixels.sum()
        timed("any frame, as RGB", 40, began)
        began = time.perf_counter()
        for number in range(5000, 4900, -1):
            film.frame(number)
        timed("backwards", 100, began)
        began = time.perf_counter()
        count = sum(1 for _ in film.frames(0, 3000))
        timed("decode in a row", count, began)
        began = time.perf_counter()
        count = sum(1 for frame in film.frames(3000, 3400) if frame.pixels.shape)
        timed("decode in a row, as RGB", count, began)


def bench_export(path: Path, folder: Path, frames: int) -> None:
    encoding = Encoding(Codec.H264, preset="veryfast")
    with open_film(path) as film:
        began = time.perf_counter()
        encoder = SegmentEncoder(set_up(encoding, film.info, global_header=True))
        for frame in film.frames(0, frames):
            list(encoder.encode(frame.native))
        list(encoder.finish())
        plain = timed("plain decode + encode, x264 veryfast", frames, began)
    end = frames * STEP * UNIT
    settings = ExportSettings(path, folder / "logo.mp4", encoding=encoding, end=end)
    began = time.perf_counter()
    report = export_film(settings, StaticLogo(), Context())
    edited = timed("export with a static logo", report.frames, began)
    stages = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in report.seconds.items())
    print(f"  by stage: {stages}; {edited / plain:.2f} of plain decode + encode (goal: 0.50)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--frames", type=int, default=600)
    chosen = parser.parse_args()
    frames = max(int(chosen.hours * 3600 * 25) // LOOP, 60) * LOOP
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "long.mp4"
        began = time.perf_counter()
        make_long(path, frames)
        timed("the long film, written", frames, began)
        bench_long(path, frames)
        bench_export(path, Path(name), chosen.frames)
    print(f"peak memory {peak_memory() >> 20} MiB (goal: 1536)")


if __name__ == "__main__":
    main()
