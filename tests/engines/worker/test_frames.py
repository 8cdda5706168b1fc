"""Arrays cross to the other process and come back as they were, by slot or by pipe."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from multiprocessing.shared_memory import SharedMemory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.worker import frames
from engines.worker.frames import Slots, pack
from tests.engines.worker.support import own_slots, picture


@pytest.fixture
def slots() -> Iterator[Slots]:
    slots = Slots()
    yield slots
    slots.close()


def _array(shape: list[int], dtype: str, order: str, step: int, locked: bool) -> np.ndarray:
    values = np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
    array = np.array(values, order="F" if order == "F" else "C")[::step]
    array.flags.writeable = not locked
    return array


arrays = st.builds(
    _array,
    st.lists(st.integers(0, 40), min_size=1, max_size=3),
    st.sampled_from(["uint8", "uint16", "float32", "float64", "bool"]),
    st.sampled_from("CF"),
    st.sampled_from([1, 2, -1]),
    st.booleans(),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(arrays, max_size=5), st.sampled_from([1, 64, 1 << 20]))
def test_arrays_come_back_equal(values: list[np.ndarray], threshold: int) -> None:
    slots = Slots()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frames, "SLOT_THRESHOLD", threshold)
        back = slots.receive(slots.send(values))
    assert own_slots() == []
    for before, after in zip(values, back, strict=True):
        np.testing.assert_array_equal(before, after)
        assert before.dtype == after.dtype
        assert before.flags.writeable == after.flags.writeable


def test_a_view_with_gaps_travels_in_a_slot(slots: Slots) -> None:
    view = picture(1200, 1600)[::2, 100:-100]
    parcel = slots.send(view)
    assert parcel.slot is not None
    assert len(parcel.head) < 1000
    np.testing.assert_array_equal(slots.receive(parcel), view)


def test_what_was_received_does_not_point_into_the_slot(slots: Slots) -> None:
    image = picture(1000, 1000)
    parcel = slots.send(image)
    assert parcel.slot is not None
    back = slots.receive(parcel)
    assert own_slots() == []
    back[:] = 7  # a mapping that is gone would crash here
    assert (back == 7).all()


def test_small_things_need_no_slot(slots: Slots) -> None:
    parcel = slots.send({"alpha": np.zeros((100, 100), np.uint8), "note": "small"})
    assert (parcel.slot, parcel.sizes) == (None, ())


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EMFILE])
def test_without_room_the_pipe_must_do(
    slots: Slots, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, reason: int
) -> None:
    def refuse(name: str, size: int) -> None:
        raise OSError(reason, "no room")

    monkeypatch.setattr(frames, "_reserve", refuse)
    image = picture(1000, 1000)
    with caplog.at_level(logging.WARNING, "engines.worker"):
        parcel = slots.send(image)
    assert own_slots() == []
    assert parcel.slot is None
    np.testing.assert_array_equal(slots.receive(parcel), image)
    assert "no shared memory for 3000" in caplog.text


def test_closing_frees_slots_that_nobody_fetched() -> None:
    slots = Slots()
    names = {slots.send(picture(1000, 1000)).slot for _ in range(3)}
    assert {*own_slots()} == names
    slots.close()
    assert own_slots() == []


def test_a_slot_that_cannot_be_copied_out_is_freed(slots: Slots, monkeypatch: pytest.MonkeyPatch) -> None:
    parcel = slots.send(picture(1000, 1000))

    def no_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(np, "empty", no_memory)
    with pytest.raises(MemoryError):
        slots.receive(parcel)
    assert own_slots() == []


def test_the_child_attaches_to_what_the_parent_made(slots: Slots) -> None:
    parcel = slots.send(picture(1000, 1000, seed=3))
    np.testing.assert_array_equal(frames.receive_attached(parcel), picture(1000, 1000, seed=3))
    packed = pack(picture(1000, 1000, seed=4))
    memory = slots.create(packed.room)
    assert isinstance(memory, SharedMemory)
    with frames.attached(memory.name) as attached:
        answer = packed.into(attached)
    np.testing.assert_array_equal(slots.receive(answer), picture(1000, 1000, seed=4))
