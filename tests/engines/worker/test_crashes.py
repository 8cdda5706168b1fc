"""Whatever becomes of the engine process: the job is told in words, and the others go on."""

from __future__ import annotations

import logging
import os
import signal
import sys
from typing import NoReturn

import pytest

from engines.core.context import Context
from engines.core.faults import EngineError, Fault
from engines.requests import Finished, WasCancelled
from engines.worker import conductor
from engines.worker.client import EngineClient
from engines.worker.crashes import Health, ending
from tests.engines.worker.support import config, erase, picture, submit, wait_until
from tests.fakes import PoisonedConfig

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@POSIX
def test_killed_from_outside_in_the_middle(client: EngineClient) -> None:
    _, recorder = submit(client, erase("step", picture(1000, 1000), steps=100_000), wants_preview=True)
    _, after = submit(client, erase("echo"))
    recorder.wait_for_a_step()
    pid = client.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    error = recorder.error()
    assert error.fault is Fault.CRASHED
    assert "SIGKILL" in error.message
    assert "memory" in error.hint
    assert isinstance(after.wait(), Finished)
    assert client.worker_pid not in (None, pid)


@POSIX
@pytest.mark.parametrize(
    ("engine", "words"), [("abort", "SIGABRT"), ("segfault", "SIGSEGV"), ("exit", "ended by itself with code 3")]
)
def test_a_crash_is_told_and_the_queue_goes_on(client: EngineClient, engine: str, words: str) -> None:
    recorders = [submit(client, erase(name))[1] for name in ("fill", engine, "fill", "echo")]
    assert [isinstance(recorder.wait(), Finished) for recorder in recorders] == [True, False, True, True]
    error = recorders[1].error()
    assert error.fault is Fault.CRASHED
    assert words in error.message
    assert engine in error.message
    assert error.hint


@POSIX
def test_a_crash_while_idle_costs_nobody_anything(client: EngineClient) -> None:
    client.run(erase("echo"), Context())
    pid = client.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: client.worker_pid is None)
    client.run(erase("echo"), Context())


def test_a_crash_of_a_cancelled_job_is_its_end(client: EngineClient) -> None:
    job, recorder = submit(client, erase("hang"))
    recorder.wait_for_a_step()
    client.cancel(job)
    pid = client.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGTERM)
    assert recorder.wait() == WasCancelled(job)


def test_two_crashes_in_a_row_switch_an_engine_off(client: EngineClient) -> None:
    first, second, third = (submit(client, erase("exit"))[1].error() for _ in range(3))
    assert "switched off" not in first.message
    assert "crash 2 in a row, so exit is switched off" in second.message
    assert third.message == "exit is switched off because it crashed twice in a row."
    assert third.fault is Fault.CRASHED
    assert "restart" in second.hint
    assert "restart" in third.hint
    client.run(erase("echo"), Context())  # only this engine is off


def test_an_engine_that_is_off_starts_no_process(client: EngineClient) -> None:
    for _ in range(2):
        submit(client, erase("exit"))[1].wait()
    submit(client, erase("exit"))[1].wait()
    assert client.worker_pid is None


def test_reset_switches_it_on_again(client: EngineClient) -> None:
    for _ in range(2):
        submit(client, erase("exit"))[1].wait()
    client.reset("exit")
    assert "ended by itself" in submit(client, erase("exit"))[1].error().message


def test_an_engine_that_crashes_now_and_then_stays_on(client: EngineClient) -> None:
    recorders = [submit(client, erase("script", script=script))[1] for script in ("exit", "echo", "exit", "echo")]
    assert [isinstance(recorder.wait(), Finished) for recorder in recorders] == [False, True, False, True]


def test_a_result_in_between_breaks_the_row() -> None:
    health = Health()
    health.crashed("garnet", -11)
    health.finished("garnet")
    assert "switched off" not in health.crashed("garnet", -11).message
    assert health.refusal("garnet") is None
    assert "switched off" in health.crashed("garnet", -11).message
    assert health.refusal("garnet") is not None
    assert health.refusal("deeperaser") is None


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-9, "was ended by SIGKILL"),
        (-200, "was ended by signal 200"),
        (3, "ended by itself with code 3"),
        (0xC0000005, "ended by itself with code 0xc0000005"),
        (None, "does not answer any more"),
    ],
)
def test_exit_codes_in_words(code: int | None, words: str) -> None:
    if code == -9 and sys.platform == "win32":
        pytest.skip("no SIGKILL")
    assert ending(code) == words


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit on memory is Linux's")
def test_an_engine_that_eats_all_memory(client: EngineClient) -> None:
    client.run(erase("echo"), Context())
    pid = client.worker_pid
    with pytest.raises(EngineError) as caught:
        client.run(erase("hunger"), Context())
    assert caught.value.fault is Fault.OUT_OF_MEMORY
    assert "memory" in caught.value.message
    assert caught.value.hint
    client.run(erase("echo", picture(1500, 1500)), Context())
    assert client.worker_pid == pid  # it gave the memory back and lives on


def test_a_bug_is_logged_with_its_traceback_and_told_without(
    client: EngineClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.run(erase("echo"), Context())
    pid = client.worker_pid
    with caplog.at_level(logging.ERROR, "engines.worker"), pytest.raises(EngineError) as caught:
        client.run(erase("bug"), Context())
    assert caught.value.fault is Fault.INTERNAL
    assert "ValueError: a bug for the test" in caught.value.message
    assert "Traceback" not in str(caught.value)
    assert "Traceback" in caplog.text
    assert "fakes.py" in caplog.text
    client.run(erase("echo"), Context())
    assert client.worker_pid == pid


def test_a_lost_device_gets_a_new_process(client: EngineClient) -> None:
    client.run(erase("echo"), Context())
    pid = client.worker_pid
    lost = [submit(client, erase("refuse", fault="DEVICE_LOST"))[1] for _ in range(3)]
    _, after = submit(client, erase("echo"))
    assert [recorder.error().fault for recorder in lost] == [Fault.DEVICE_LOST] * 3  # never "crashed"
    assert isinstance(after.wait(), Finished)
    assert client.worker_pid != pid


def test_a_catalogue_that_cannot_be_read_is_told_as_such() -> None:
    with EngineClient(config(session_factory="tests.fakes:open_broken_session")) as client:
        for _ in range(2):
            with pytest.raises(EngineError, match="cards in 0 folders") as caught:
                client.run(erase("echo"), Context())
            assert caught.value.fault is Fault.BAD_INPUT


def test_warming_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.ERROR, "engines.worker"),
        EngineClient(config(session_factory="tests.no_such_module:open")) as client,
    ):
        client.warm()
        wait_until(lambda: "no_such_module" in caplog.text)
        with pytest.raises(EngineError) as caught:
            client.run(erase("echo"), Context())
    assert caught.value.fault is Fault.INTERNAL


def test_a_process_that_dies_while_starting_is_told_and_not_held_against_the_engine() -> None:
    with EngineClient(PoisonedConfig()) as client:
        errors = [submit(client, erase("echo"))[1].error() for _ in range(3)]
    assert {error.fault for error in errors} == {Fault.CRASHED}
    assert {error.message for error in errors} == {
        "The engine process could not be started (it ended by itself with code 5)."
    }


def test_a_process_that_cannot_be_started_is_told(client: EngineClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise OSError(12, "Cannot allocate memory")

    with monkeypatch.context() as patch:
        patch.setattr(conductor, "WorkerHandle", refuse)
        client.warm()
        error = submit(client, erase("echo"))[1].error()
    assert error.fault is Fault.CRASHED
    assert "Cannot allocate memory" in error.message
    client.run(erase("echo"), Context())
