"""``cleanplate evaluate-video``, as a person runs it, on a clip made here."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from engines.core.types import Box, Pixels
from tests.cli.run import cleanplate
from tests.moving import covered, panned, scenery


def write(path: Path, frames: list[Pixels]) -> None:
    with av.open(str(path), "w") as film:
        stream = film.add_stream("ffv1", rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "bgr0"
        for frame in frames:
            film.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        film.mux(stream.encode(None))


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    clip = covered(panned(scenery(160, 320), 12, (96, 144), (3.0, 0.4)), Box(30, 30, 30, 24), (4.0, 0.0))
    write(folder / "pan_video.mkv", clip.frames)
    write(folder / "pan_gt.mkv", clip.truth)
    write(folder / "pan_mask.mkv", [np.repeat(mask[..., None], 3, axis=2) for mask in clip.masks])
    return folder


def test_engines_are_measured_against_telea(clips: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    done = cleanplate("evaluate-video", clips, "--json", "--sheet", sheet)
    assert done.returncode == 0, done.stderr
    (clip,) = json.loads(done.stdout)["clips"]
    assert (clip["name"], clip["frames"], clip["size"]) == ("pan", 12, [96, 144])
    found = clip["candidates"]
    assert {"telea", "propagate", "per-frame"} <= set(found)
    assert found["propagate"]["psnr"] > found["telea"]["psnr"] + 12
    assert found["propagate"]["warping"] < found["telea"]["warping"]
    assert found["propagate"]["flicker"] < found["telea"]["flicker"]
    assert sheet.is_file()


def test_a_table_for_people(clips: Path) -> None:
    done = cleanplate("evaluate-video", clips, "--engine", "propagate", "--frames", "5")
    assert done.returncode == 0, done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()[1:]] == [["pan", "telea"], ["pan", "propagate"]]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((".",), "no set of clips"),
        (("CLIPS", "--engine", "nosuch"), "no engine 'nosuch'"),
        (("CLIPS", "--fill", "propagate"), "no engine 'propagate'"),
        (("CLIPS", "--sheet", "sheet.jpg"), ".png"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(clips: Path, arguments: tuple[str, ...], told: str) -> None:
    done = cleanplate("evaluate-video", *(clips if word == "CLIPS" else word for word in arguments))
    assert done.returncode in (1, 2)
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_clip_without_its_mask_is_refused(clips: Path, tmp_path: Path) -> None:
    for part in ("video", "gt"):
        (tmp_path / f"pan_{part}.mkv").write_bytes((clips / f"pan_{part}.mkv").read_bytes())
    done = cleanplate("evaluate-video", tmp_path)
    assert done.returncode == 1
    assert "pan_mask" in done.stderr
