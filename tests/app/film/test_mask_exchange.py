"""Masks of other programs come in as tracks, and a track's masks go out as numbered pictures."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog

from app.document.coverage import Combine
from app.state.notices import Notice, Weight
from app.state.workshop import Workshop
from app.ui.window import Window
from engines.core.tracks import Span, TrackKind, mask_at
from engines.core.types import Box
from engines.jobs.film_desk import ReadMasks
from tests.app.conftest import FakeClient, Patience
from tests.app.film.clip import FRAMES
from tests.app.support import box

SIZE = (120, 160)
THING = box(40, 50, 20, 20, SIZE)


def white(x: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    picture = np.zeros((*size, 3), np.uint8)
    picture[50:70, x : x + 20] = 255
    return picture


def read(shop: Workshop, path: Path, wait: Patience, told: list[Notice]) -> None:
    before = len(told)
    shop.mask_exchange.read(path)
    wait(lambda: len(told) > before and shop.mask_exchange.running is None)


def test_a_folder_becomes_a_track(film_shop: Workshop, tmp_path: Path, wait: Patience, told: list[Notice]) -> None:
    folder = tmp_path / "roto"
    folder.mkdir()
    for frame in (3, 4, 9):
        cv2.imwrite(str(folder / f"m{frame:04}.png"), white(10 * frame))
    read(film_shop, folder, wait, told)
    (track,) = film_shop.editor.state.tracks
    assert (track.name, track.kind, sorted(track.made)) == ("roto", TrackKind.TRACKED, [3, 4, 9])
    assert mask_at(track, 4).box == Box(40, 50, 20, 20)
    assert told[-1] == Notice(Weight.DONE, "Read masks for 3 frames from roto.")
    read(film_shop, folder, wait, told)
    assert [each.name for each in film_shop.editor.state.tracks] == ["roto", "roto 1"]
    assert film_shop.tracks.chosen == 1
    film_shop.editor.undo()
    film_shop.editor.undo()
    assert film_shop.editor.state.tracks == ()


def test_a_picture_holds_between_the_in_and_the_out_point(
    film_shop: Workshop, tmp_path: Path, wait: Patience, told: list[Notice]
) -> None:
    cv2.imwrite(str(tmp_path / "logo.png"), white(100))
    film_shop.playback.set_span(10, 30)
    read(film_shop, tmp_path / "logo.png", wait, told)
    (track,) = film_shop.editor.state.tracks
    assert (track.kind, track.ranges) == (TrackKind.STATIC, (Span(10, 30),))
    assert mask_at(track, 20).box == Box(100, 50, 20, 20)
    assert told[-1].message == "Read masks for 20 frames from logo.png."


def test_a_film_of_masks_goes_frame_for_frame(
    film_shop: Workshop, tmp_path: Path, wait: Patience, told: list[Notice]
) -> None:
    path = tmp_path / "matte.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width = SIZE
        stream.pix_fmt = "yuv420p"
        for frame in range(6):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(white(20 * frame), "rgb24")))
        container.mux(stream.encode(None))
    read(film_shop, path, wait, told)
    (track,) = film_shop.editor.state.tracks
    assert sorted(track.made) == list(range(6))
    assert mask_at(track, 5).box == Box(100, 50, 20, 20)


@pytest.mark.parametrize("case", ["size", "none", "black", "later", "gone"])
def test_what_is_no_mask_is_told(
    case: str, film_shop: Workshop, tmp_path: Path, wait: Patience, told: list[Notice]
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    pictures = {"size": white(5, (60, 60)), "black": np.zeros((*SIZE, 3), np.uint8), "later": white(5)}
    if case in pictures:
        name = "0999999999999.png" if case == "later" else "000001.png"
        cv2.imwrite(str(folder / name), pictures[case])
    read(film_shop, folder if case != "gone" else tmp_path / "gone.mkv", wait, told)
    assert told[-1].weight is Weight.ERROR
    said = {
        "size": "60 x 60", "none": "no numbered pictures", "black": "covers nothing", "later": "covers nothing",
        "gone": "gone.mkv",
    }  # fmt: skip
    assert said[case] in told[-1].message
    assert film_shop.editor.state.tracks == ()


def test_masks_for_frames_that_are_not_there_are_left_out_and_told(
    film_shop: Workshop, tmp_path: Path, wait: Patience, told: list[Notice]
) -> None:
    for frame in (2, FRAMES + 5):
        cv2.imwrite(str(tmp_path / f"{frame:06}.png"), white(5))
    read(film_shop, tmp_path, wait, told)
    assert sorted(film_shop.editor.state.tracks[0].made) == [2]
    assert told[-1].weight is Weight.WARNING
    assert told[-1].message.startswith("1 masks of ")


def test_what_is_saved_can_be_read_again(
    film_shop: Workshop, tmp_path: Path, wait: Patience, told: list[Notice]
) -> None:
    film_shop.playback.set_span(5, 9)
    film_shop.editor.commit("Brush", THING, Combine.ADD)
    film_shop.tracks.adjust(grow=3)
    folder = tmp_path / "out"
    film_shop.mask_exchange.write(folder)
    wait(lambda: told)
    assert told[-1] == Notice(Weight.DONE, f"Saved 4 masks in {folder}.")
    assert sorted(path.name for path in folder.iterdir()) == [f"{frame:06}.png" for frame in range(5, 9)]
    read(film_shop, folder, wait, told)
    mine, back = film_shop.editor.state.tracks
    whole = Box(0, 0, 160, 120)
    for frame in range(FRAMES):
        assert np.array_equal(mask_at(mine, frame).dense(whole), mask_at(back, frame).dense(whole)), frame


def test_a_folder_that_holds_something_is_left_alone(
    film_shop: Workshop, tmp_path: Path, wait: Patience, told: list[Notice]
) -> None:
    (tmp_path / "000003.png").write_bytes(b"mine")
    film_shop.editor.commit("Brush", THING, Combine.ADD)
    film_shop.mask_exchange.write(tmp_path)
    wait(lambda: told)
    assert (told[-1].weight, "not an empty folder" in told[-1].message) == (Weight.ERROR, True)
    assert (tmp_path / "000003.png").read_bytes() == b"mine"
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".png") == ["000003.png"]


def test_a_track_without_masks_is_not_saved(
    film_shop: Workshop, tmp_path: Path, wait: Patience, told: list[Notice]
) -> None:
    film_shop.tracks.add()
    film_shop.mask_exchange.write(tmp_path / "none")
    wait(lambda: told)
    assert told[-1].message == "The track 'Mask 1' covers nothing."
    assert not (tmp_path / "none").exists()


def test_the_panel_asks_where(
    film_window: Window, tmp_path: Path, wait: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, panel = film_window.workshop, film_window.film_panel
    cv2.imwrite(str(tmp_path / "logo.png"), white(100))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "logo.png"), ""))
    panel._from.menu().actions()[0].trigger()
    wait(lambda: shop.editor.state.tracks)
    shop.tracks.rename(0, "a/b: logo")
    suggested = shop.mask_exchange.suggested()
    assert suggested is not None
    assert suggested.name == "clip a_b_ logo"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "saved"), ""))
    panel._save.click()
    wait(lambda: (tmp_path / "saved").exists() and shop.mask_exchange.running is None)
    assert len(list((tmp_path / "saved").iterdir())) == FRAMES
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "saved"))
    panel._from.menu().actions()[1].trigger()
    wait(lambda: len(shop.editor.state.tracks) == 2)
    film_window.actions_.by_id["film_masks"].trigger()
    wait(lambda: len(shop.editor.state.tracks) == 3)


def test_reading_is_cancelled_by_escape(film_window: Window, client: FakeClient, tmp_path: Path) -> None:
    shop = film_window.workshop
    client.quick = False
    shop.mask_exchange.read(tmp_path)
    assert isinstance(client.asked[-1].request, ReadMasks)
    assert not film_window.film_panel._from.isEnabled()
    film_window.commands.cancel()
    assert shop.mask_exchange.running is None
    assert film_window.film_panel._from.isEnabled()
