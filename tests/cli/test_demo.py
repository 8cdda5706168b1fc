"""``cleanplate demo``: what a newcomer runs first."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engines.core.paths import resources_dir
from tests.cli.run import cleanplate
from tests.films import frames_of, sound_packets


def test_the_sample_photo_is_cleaned(tmp_path: Path) -> None:
    done = cleanplate("demo", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "coffee-clean.jpg").is_file()
    assert str(tmp_path / "out" / "before-after.png") in done.stdout


def test_the_sample_film_is_cleaned_and_sounds_the_same(tmp_path: Path) -> None:
    done = cleanplate("demo", "video", "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    sample, clean = resources_dir() / "samples" / "lake.mp4", tmp_path / "lake-clean.mp4"
    assert sound_packets(clean) == sound_packets(sample)
    before, after = frames_of(sample)[60], frames_of(clean)[60]
    gap = np.abs(before.astype(int) - after).max(axis=2)
    assert np.percentile(gap[60:300], 99) < 12  # compressed anew, but the same picture
    for place in (np.s_[310:350, 160:480], np.s_[16:48, 534:626]):  # the subtitle, the mark
        assert (before[place].min(axis=2) > 225).sum() > 100
        assert not (after[place].min(axis=2) > 225).any()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = cleanplate("demo", "-o", tmp_path / "file" / "out")
    assert done.returncode == 1
    assert "cannot be made" in done.stderr
