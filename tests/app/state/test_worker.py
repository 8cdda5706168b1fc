"""The editor over a real engine process that is killed, crashes, hangs, or eats all memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.document import verbs
from app.document.state import LayerRole
from app.state.notices import Notice, Weight
from app.state.workshop import Workshop
from engines.core.types import Box
from tests.app.conftest import Patience
from tests.app.support import box

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals")
HOLE = box(40, 30, 60, 40)


@pytest.fixture
def ready(real_shop: Workshop, photo: Path, wait: Patience) -> Workshop:
    real_shop.files.open(photo)
    wait(lambda: real_shop.editor.sheet is not None)
    real_shop.editor.do("Mark", verbs.paint(real_shop.editor.state, LayerRole.ADD, HOLE))
    return real_shop


def heard_by(shop: Workshop) -> list[Notice]:
    heard: list[Notice] = []
    shop.editor.told.connect(heard.append)
    return heard


def erases(shop: Workshop, wait: Patience) -> None:
    """The next erase works, in a new process."""
    shop.erasing.set_engine("inpaint")
    shop.erasing.erase()
    wait(lambda: len(shop.editor.state.edits) == 1)


@POSIX
def test_a_killed_engine_process_is_told_and_nothing_is_lost(ready: Workshop, wait: Patience) -> None:
    heard, state = heard_by(ready), ready.editor.state
    ready.erasing.set_option(ready.library.catalog["inpaint"], "steps", 200)
    ready.erasing.set_option(ready.library.catalog["inpaint"], "pause", 0.05)
    ready.erasing.erase()
    wait(lambda: ready.erasing.running is not None and ready.erasing.running.done > 0)
    pid = ready.host.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait(lambda: any(notice.weight is Weight.ERROR for notice in heard))
    assert "SIGKILL" in heard[-1].message
    assert heard[-1].hint
    assert ready.editor.state is state
    ready.erasing.set_option(ready.library.catalog["inpaint"], "steps", 1)
    erases(ready, wait)
    assert ready.host.worker_pid not in (None, pid)


@POSIX
@pytest.mark.parametrize("engine", ["abort", "hunger"])
def test_crashes_and_running_out_of_memory_are_told(ready: Workshop, wait: Patience, engine: str) -> None:
    heard = heard_by(ready)
    ready.erasing.set_engine(engine)
    ready.erasing.erase()
    wait(lambda: any(notice.weight is Weight.ERROR for notice in heard), 60)
    assert not ready.editor.state.masks.blank
    if engine == "abort":
        erases(ready, wait)


def test_cancel_frees_the_person_within_half_a_second(ready: Workshop, wait: Patience) -> None:
    ready.erasing.set_engine("hang")
    ready.erasing.erase()
    wait(lambda: ready.erasing.running is not None and ready.erasing.running.note)
    begin = time.perf_counter()
    assert ready.erasing.cancel()
    assert ready.erasing.running is None
    assert time.perf_counter() - begin < 0.5


def test_steps_are_shown_and_the_result_fits(ready: Workshop, wait: Patience) -> None:
    shown: list[object] = []
    ready.erasing.previewed.connect(shown.append)
    ready.erasing.set_option(ready.library.catalog["inpaint"], "pause", 0.1)
    before = ready.editor.sheet.document.composite(Box(0, 0, 400, 300)).copy()  # type: ignore[union-attr]
    erases(ready, wait)
    assert any(patch is not None for patch in shown)
    after = ready.editor.sheet.document.composite(Box(0, 0, 400, 300))  # type: ignore[union-attr]
    changed = (before != after).any(axis=2)
    assert changed.any()
    assert not changed[HOLE.dense(Box(0, 0, 400, 300)) == 0].any()


def test_the_window_process_has_no_torch_and_the_worker_no_qt() -> None:
    for code in (
        "import sys, app.main; print({'torch', 'onnxruntime'} & set(sys.modules))",
        "import sys, engines.worker.process, app.__main__; print({'PySide6', 'app.main'} & set(sys.modules))",
    ):
        shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert shown.stdout.strip() == "set()"
