"""How the engine process starts and ends with its parent, in interpreters of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.engines.worker.support import PATIENCE, slots_of, wait_until

ROOT = Path(__file__).resolve().parents[3]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals")

PREAMBLE = """
import os, signal, sys, time
from engines.core.context import Context
from engines.requests import DetectText
from engines.worker.client import EngineClient
from tests.engines.worker.support import config, erase, picture, submit
"""


def start(*arguments: str, folder: Path | None = None) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-W", "error", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=folder,
        start_new_session=True,
    )


def script(folder: Path, body: str) -> str:
    """A program whose ``main`` is ``body``."""
    lines = "\n    ".join(body.strip().splitlines())
    path = folder / "program.py"
    path.write_text(f'{PREAMBLE}\ndef main():\n    {lines}\n\nif __name__ == "__main__":\n    main()\n')
    return str(path)


def finish(program: subprocess.Popen[str]) -> tuple[str, str]:
    """Its stdout and stderr, once it has ended well."""
    out, errors = program.communicate(timeout=PATIENCE)
    assert program.returncode == 0, errors
    return out, errors


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE  # nobody reaps it in some containers
    except psutil.NoSuchProcess:
        return True


def test_what_engines_print_goes_nowhere(tmp_path: Path) -> None:
    body = """
with EngineClient(config()) as client:
    client.run(erase("noise"), Context())
    submit(client, erase("abort"))[1].wait()
print("the answer")
"""
    assert finish(start(script(tmp_path, body))) == ("the answer\n", "")


def test_what_engines_print_goes_to_the_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "engine.log"
    body = f"""
from pathlib import Path
with EngineClient(config(log=Path({str(log)!r}))) as client:
    client.run(erase("noise"), Context())
    submit(client, erase("abort"))[1].wait()
print("the answer")
"""
    assert finish(start(script(tmp_path, body))) == ("the answer\n", "")
    text = log.read_text()
    assert text.count("noise from a library") == 2
    assert text.count("noise from python") == 2
    assert "Fatal Python error: Aborted" in text
    assert "AbortingEraser" in text or "fakes.py" in text


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    body = f"""
from pathlib import Path
with EngineClient(config(log=Path({str(tmp_path)!r}))) as client:
    client.run(erase("noise"), Context())
print("the answer")
"""
    assert finish(start(script(tmp_path, body))) == ("the answer\n", "")


def test_a_program_that_forgets_to_close_ends_all_the_same(tmp_path: Path) -> None:
    body = """
client = EngineClient(config())
client.run(erase("echo", picture(1000, 1000)), Context())
print(client.worker_pid)
submit(client, erase("step", steps=100_000))[1].wait_for_a_step()
client.submit(erase("echo"), print)
"""
    out, errors = finish(start(script(tmp_path, body)))
    pid, end = out.splitlines()
    assert errors == ""
    assert gone(int(pid))
    assert end == "WasCancelled(job=3)"


@POSIX
def test_the_process_dies_with_its_parent_in_the_middle_of_a_job(tmp_path: Path) -> None:
    body = """
client = EngineClient(config())
submit(client, erase("hang"))[1].wait_for_a_step()
print(client.worker_pid, flush=True)
time.sleep(600)
"""
    program = start(script(tmp_path, body))
    assert program.stdout is not None
    pid = int(program.stdout.readline())
    assert not gone(pid)
    program.kill()
    program.communicate(timeout=PATIENCE)
    wait_until(lambda: gone(pid))


@POSIX
def test_a_killed_parent_leaves_no_shared_memory(tmp_path: Path) -> None:
    body = """
client = EngineClient(config())
client.run(erase("echo"), Context())
os.kill(client.worker_pid, signal.SIGSTOP)  # so that the picture stays in its slot
submit(client, erase("echo", picture(2000, 2000)))
print(client.worker_pid, flush=True)
time.sleep(600)
"""
    program = start(script(tmp_path, body))
    assert program.stdout is not None
    pid = int(program.stdout.readline())
    wait_until(lambda: len(slots_of(program.pid)) == 1)
    program.kill()
    os.kill(pid, signal.SIGCONT)
    program.communicate(timeout=PATIENCE)
    wait_until(lambda: slots_of(program.pid) == [])
    wait_until(lambda: gone(pid))


@POSIX
@pytest.mark.parametrize("moment", ["starting", "working"])
def test_ctrl_c_reaches_the_parent_alone(tmp_path: Path, moment: str) -> None:
    wait = "wait_for_a_step()" if moment == "working" else "events"
    body = f"""
try:
    with EngineClient(config()) as client:
        submit(client, erase("step", steps=100_000))[1].{wait}
        while client.worker_pid is None:
            pass
        print("at work", flush=True)
        client.run(erase("echo"), Context())
except KeyboardInterrupt:
    print("interrupted")
"""
    program = start(script(tmp_path, body))
    assert program.stdout is not None
    assert program.stdout.readline() == "at work\n"
    os.killpg(program.pid, signal.SIGINT)
    assert finish(program) == ("interrupted\n", "")


MODULES = """
with EngineClient(config()) as client:
    found = client.run(DetectText(picture(), engine="modules"), Context()).found
print(found.lines[0].text)
"""


def test_the_process_imports_neither_qt_nor_torch_by_itself(tmp_path: Path) -> None:
    modules = set(finish(start(script(tmp_path, MODULES)))[0].split())
    assert "engines.worker.process" in modules
    assert not modules & {"PySide6", "torch", "onnxruntime", "cv2", "app", "typer", "rich"}


def test_a_package_run_with_m_is_not_imported_again(tmp_path: Path) -> None:
    package = tmp_path / "launched"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "heavy.py").write_text("")
    source = Path(script(tmp_path, MODULES)).read_text()
    (package / "__main__.py").write_text("import launched.heavy\n" + source)
    program = start("-m", "launched", folder=tmp_path)
    modules = set(finish(program)[0].split())
    assert "engines.worker.process" in modules
    assert "launched.heavy" not in modules


@pytest.mark.skipif(not (ROOT / "app" / "__main__.py").is_file(), reason="there is no program yet")
def test_the_program_s_own_main_brings_nothing_heavy(tmp_path: Path) -> None:
    """A console script is imported again by spawn, and app.__main__ with it."""
    path = tmp_path / "program.py"
    path.write_text(f"from app.__main__ import main as program\n{Path(script(tmp_path, MODULES)).read_text()}")
    modules = set(finish(start(str(path)))[0].split())
    assert "app.__main__" in modules
    assert not modules & {"PySide6", "torch", "onnxruntime", "cv2", "typer", "rich", "app.cli"}
