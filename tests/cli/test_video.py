"""``cleanplate video`` as a person runs it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.core.types import Box
from tests.cli.run import ROOT, cleanplate
from tests.films import frames_of, sound_packets, write_film
from tests.moving import Clip, covered, panned, psnr_inside, scenery, telea

SIZE, COUNT = (72, 128), 36
BOX = Box(50, 30, 20, 14)


@pytest.fixture(scope="module")
def clip() -> Clip:
    return covered(panned(scenery(120, 280), COUNT, SIZE, (2.5, 0)), BOX)


@pytest.fixture(scope="module")
def source(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "pan.mkv", clip.frames)


def outside_is_untouched(result: Path, clip: Clip) -> bool:
    pairs = zip(frames_of(result), clip.frames, clip.masks, strict=True)
    return all(np.array_equal(after[mask == 0], before[mask == 0]) for after, before, mask in pairs)


def test_a_mark_goes_and_all_else_stays_to_the_bit(source: Path, clip: Clip, tmp_path: Path) -> None:
    mask, target = tmp_path / "mask.png", tmp_path / "clean.mkv"
    cv2.imwrite(str(mask), clip.masks[0])
    done = cleanplate("video", source, "--mask", mask, "-o", target, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["frames"] == told["encoded"] == COUNT
    assert told["tracks"] == [{"name": "mask", "kind": "static", "engine": "propagate", "stops": []}]
    assert outside_is_untouched(target, clip)
    assert sound_packets(target) == sound_packets(source)
    assert psnr_inside(frames_of(target), clip) > psnr_inside(telea(clip), clip) + 6
    assert [path.name for path in tmp_path.iterdir()] == ["mask.png", "clean.mkv"]


def test_one_mask_a_frame_from_a_folder(clip: Clip, tmp_path: Path) -> None:
    moving = covered(clip.truth, BOX, (1.0, 0.5))
    source, masks, target = tmp_path / "walk.mkv", tmp_path / "masks", tmp_path / "clean.mkv"
    write_film(source, moving.frames)
    masks.mkdir()
    for number, mask in enumerate(moving.masks):
        cv2.imwrite(str(masks / f"{number:04}.png"), mask)
    done = cleanplate("video", source, "--mask", masks, "-o", target)
    assert done.returncode == 0, done.stderr
    assert outside_is_untouched(target, moving)
    assert psnr_inside(frames_of(target), moving) > psnr_inside(telea(moving), moving) + 6


def test_what_is_painted_on_one_frame_is_followed(tmp_path: Path) -> None:
    still = [scenery(144, 256)] * 30
    moving = covered(still, Box(70, 50, 48, 36), (1.5, 0.5))
    source, mask, target = tmp_path / "walk.mkv", tmp_path / "mask.png", tmp_path / "clean.mkv"
    write_film(source, moving.frames)
    cv2.imwrite(str(mask), moving.masks[10])
    done = cleanplate("video", source, "--track", f"10:{mask}", "--grow", "2", "-o", target, "--json")
    assert done.returncode == 0, done.stderr
    (track,) = json.loads(done.stdout)["tracks"]
    assert track["kind"] == "tracked"
    assert not track["stops"]
    assert psnr_inside(frames_of(target), moving) > psnr_inside(moving.frames, moving) + 10


def test_only_within_a_range_and_only_an_excerpt(source: Path, clip: Clip, tmp_path: Path) -> None:
    target = tmp_path / "part.mkv"
    box = f"{BOX.x},{BOX.y},{BOX.w},{BOX.h}"
    done = cleanplate("video", source, "--box", box, "--range", "0.4-0.8", "--excerpt", "0.2-1", "-o", target)
    assert done.returncode == 0, done.stderr
    result = frames_of(target)
    assert len(result) == 20
    changed = [not np.array_equal(after, clip.frames[5 + number]) for number, after in enumerate(result)]
    assert changed == [10 <= 5 + number < 20 for number in range(20)]


def test_killed_and_run_again_it_ends_as_an_unbroken_run_does(clip: Clip, tmp_path: Path) -> None:
    long = covered(panned(scenery(120, 700), 220, SIZE, (2.5, 0)), BOX)
    source = write_film(tmp_path / "long.mkv", long.frames)
    whole, killed = tmp_path / "whole.mkv", tmp_path / "killed.mkv"
    box = f"{BOX.x},{BOX.y},{BOX.w},{BOX.h}"
    command = [sys.executable, "-m", "app", "video", str(source), "--box", box, "--range", "0-8.2", "-o"]
    began = time.monotonic()
    subprocess.run([*command, str(whole)], cwd=ROOT, check=True, capture_output=True)
    lasted = time.monotonic() - began
    chance = random.Random(3)
    for _ in range(2):
        run = subprocess.Popen([*command, str(killed)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(lasted * chance.uniform(0.4, 0.95))
        run.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        run.communicate()
        killed.unlink(missing_ok=True)
    done = cleanplate("video", source, "--box", box, "--range", "0-8.2", "-o", killed)
    assert done.returncode == 0, done.stderr
    assert all(np.array_equal(a, b) for a, b in zip(frames_of(killed), frames_of(whole), strict=True))
    assert sound_packets(killed) == sound_packets(whole)


@pytest.mark.parametrize(
    ("arguments", "told", "code"),
    [
        ((), "Say what to erase", 2),
        (("--box", "5,5,20"), "is not X,Y,W,H", 2),
        (("--box", "900,900,20,20"), "covers nothing of the picture", 1),
        (("--track", "mask.png"), "is not FRAME:MASK.png", 2),
        (("--track", "99:nowhere.png"), "There is no frame 99", 1),
        (("--mask", "nowhere.png"), "nowhere.png", 1),
        (("--box", "5,5,20,20", "--engine", "nothing"), "There is no engine 'nothing'", 1),
        (("--box", "5,5,20,20", "--codec", "vhs"), "There is no codec 'vhs'", 1),
        (("--box", "5,5,20,20", "--range", "9-5"), "ends before it begins", 2),
        (("--box", "5,5,20,20", "--range", "50-60"), "no frame in that range", 1),
        (("--box", "5,5,20,20", "--quality", "99"), "quality", 1),
        (("--only", "x", "--box", "5,5,20,20"), "add --text", 2),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    source: Path, tmp_path: Path, arguments: tuple[str, ...], told: str, code: int
) -> None:
    target = tmp_path / "out.mp4"
    done = cleanplate("video", source, "-o", target, *arguments)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not any(tmp_path.iterdir())


def test_no_film_is_ever_overwritten(source: Path, tmp_path: Path) -> None:
    before = source.read_bytes()
    done = cleanplate("video", source, "--box", "5,5,20,20", "-o", source, "--overwrite")
    assert done.returncode == 1
    assert "never overwritten" in done.stderr
    assert source.read_bytes() == before
    other = tmp_path / "there.mkv"
    other.write_bytes(b"mine")
    assert cleanplate("video", source, "--box", "5,5,20,20", "-o", other).returncode == 1
    assert other.read_bytes() == b"mine"


def test_what_is_no_film_is_told(tmp_path: Path) -> None:
    fake = tmp_path / "fake.mp4"
    fake.write_bytes(b"nothing of the kind" * 50)
    done = cleanplate("video", fake, "--box", "5,5,20,20", "-o", tmp_path / "out.mp4")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "fake.mp4" in done.stderr


@pytest.mark.parametrize("name", ["masks", "masks.mkv"])
def test_saved_masks_do_the_same_work_again(tmp_path: Path, name: str) -> None:
    moving = covered([scenery(144, 256)] * 16, Box(70, 50, 48, 36), (1.5, 0.5))
    source, mask = write_film(tmp_path / "walk.mkv", moving.frames), tmp_path / "mask.png"
    cv2.imwrite(str(mask), moving.masks[5])
    first, again, masks = tmp_path / "first.mkv", tmp_path / "again.mkv", tmp_path / name
    done = cleanplate("video", source, "--track", f"5:{mask}", "--save-masks", masks, "-o", first, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["masks"] == str(masks)
    done = cleanplate("video", source, "--mask", masks, "-o", again)
    assert done.returncode == 0, done.stderr
    assert all(np.array_equal(a, b) for a, b in zip(frames_of(first), frames_of(again), strict=True))


def test_masks_under_a_name_that_is_taken_stop_the_work_before_it_begins(source: Path, tmp_path: Path) -> None:
    masks, target = tmp_path / "masks.mkv", tmp_path / "clean.mkv"
    masks.write_bytes(b"mine")
    done = cleanplate("video", source, "--box", "1,1,9,9", "--save-masks", masks, "-o", target)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "masks.mkv exists" in done.stderr
    assert masks.read_bytes() == b"mine"
    assert not target.exists()
