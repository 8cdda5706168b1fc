"""The engine process with the program's own session, over cards that name fake engines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engines.core.context import Context
from engines.core.faults import EngineError, Fault
from engines.requests import Erased
from engines.worker.client import EngineClient
from engines.worker.messages import WorkerConfig
from tests.engines.worker.support import erase, picture, submit
from tests.fakes import write_card


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    write_card(tmp_path, "fill", "tests.fakes:FakeEraser")
    write_card(tmp_path, "crash", "tests.fakes:AbortingEraser")
    return tmp_path


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_an_erased_photo_is_untouched_outside_its_mask(cards: Path, dtype: str) -> None:
    image = picture(300, 400, dtype)
    request = erase("fill", image)
    with EngineClient(WorkerConfig(card_folders=(cards,))) as client:
        result = client.run(request, Context())
    assert isinstance(result, Erased)
    changed = image.copy()
    for patch in result.patches:
        patch.paint(changed)
    outside = np.ones(image.shape[:2], bool)
    outside[request.mask.box.slices] = False
    np.testing.assert_array_equal(changed[outside], image[outside])
    assert not np.array_equal(changed, image)


def test_a_crashing_engine_and_an_unknown_one_are_told_apart(cards: Path) -> None:
    with EngineClient(WorkerConfig(card_folders=(cards,))) as client:
        assert submit(client, erase("crash"))[1].error().fault is Fault.CRASHED
        with pytest.raises(EngineError, match="There are: crash, fill") as caught:
            client.run(erase("nosuch"), Context())
    assert caught.value.fault is Fault.UNKNOWN_ENGINE
