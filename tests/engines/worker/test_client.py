"""Jobs through a real engine process: results, reports, cancellation, the queue, the end."""

from __future__ import annotations

import logging
import os
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.core.context import Context
from engines.core.faults import Cancelled, EngineError, Fault
from engines.core.types import FloatImage
from engines.requests import Detected, DetectText, Erased, Event, Finished, Previewed, Progressed, WasCancelled
from engines.worker.client import EngineClient
from engines.worker.frames import Slots
from tests.engines.worker.support import Recorder, config, erase, own_slots, picture, submit, wait_until

FOUR_K = (2160, 3840)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_4k_picture_comes_back_to_the_bit(client: EngineClient, dtype: str) -> None:
    image = picture(*FOUR_K, dtype)
    result = client.run(erase("echo", image), Context())
    assert isinstance(result, Erased)
    assert result.patches[0].pixels.dtype == image.dtype
    assert np.array_equal(result.patches[0].pixels, image)
    assert own_slots() == []


def test_without_shared_memory_it_only_takes_longer(client: EngineClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Slots, "create", lambda self, size: None)
    image = picture(1000, 1500)
    result = client.run(erase("echo", image), Context())
    assert isinstance(result, Erased)
    np.testing.assert_array_equal(result.patches[0].pixels, image)


def test_a_view_is_sent_as_it_looks(client: EngineClient) -> None:
    image = picture(1400, 1400)[::-2, ::2]
    result = client.run(erase("fill", image, value=1.0), Context())
    assert isinstance(result, Erased)
    changed = image.copy()
    result.patches[0].paint(changed)
    assert (changed[:5, :5] == 255).all()
    np.testing.assert_array_equal(changed[5:], image[5:])


def test_detected_text_comes_back(client: EngineClient) -> None:
    image = picture(1200, 1600)
    result = client.run(DetectText(image), Context())
    assert isinstance(result, Detected)
    assert result.found.lines[0].text == str(client.worker_pid) != str(os.getpid())
    np.testing.assert_array_equal(result.found.coverage > 0, image[..., 0] > 127)


def test_progress_comes_in_order_and_one_end(client: EngineClient) -> None:
    job, recorder = submit(client, erase("step", steps=8, seconds=0.06))
    assert isinstance(recorder.wait(), Finished)
    assert recorder.progress == sorted(recorder.progress)
    assert recorder.progress[-1] == 1.0
    assert len(recorder.progress) >= 4
    assert len(recorder.ends) == 1
    assert {event.job for event in recorder.events} == {job}
    assert recorder.previews == []


def test_previews_come_to_those_who_want_them(client: EngineClient) -> None:
    image = picture(400, 700, "float32")  # 3.4 MB as float32: through a slot
    _, recorder = submit(client, erase("step", image, steps=3, seconds=0.06), wants_preview=True)
    assert isinstance(recorder.wait(), Finished)
    assert recorder.previews
    for preview in recorder.previews:
        np.testing.assert_array_equal(preview, image)


def test_reports_are_few_but_the_last_one_comes() -> None:
    with EngineClient(config(reports_per_second=5.0)) as client:
        client.run(erase("echo"), Context())
        started = time.monotonic()
        _, recorder = submit(client, erase("chat"))
        recorder.wait()
        elapsed = time.monotonic() - started
    assert recorder.progress[0] == 0.0
    assert recorder.progress[-1] == 1.0
    assert len(recorder.progress) <= 2 + 5.0 * elapsed


def test_run_reports_into_its_part_of_the_context(client: EngineClient) -> None:
    seen: list[tuple[float, str, FloatImage | None]] = []
    ctx = Context(lambda *report: seen.append(report), wants_preview=True).part(0.5, 0.25)
    client.run(erase("step", steps=3, seconds=0.06), ctx)
    assert seen[0][0] == 0.5
    assert seen[-1][:2] == (0.75, "done")
    assert any(preview is not None for _, _, preview in seen)


def test_run_raises_what_the_session_raised(client: EngineClient) -> None:
    with pytest.raises(EngineError) as caught:
        client.run(erase("refuse", fault="TOO_LARGE"), Context())
    assert caught.value.fault is Fault.TOO_LARGE
    assert str(caught.value) == "It will not be done. Ask for less."


def test_run_is_cancelled_by_its_context(client: EngineClient) -> None:
    reports: list[float] = []
    ctx = Context(lambda done, note, preview: reports.append(done), lambda: len(reports) >= 2)
    with pytest.raises(Cancelled):
        client.run(erase("step", steps=100_000), ctx)
    pid = client.worker_pid
    client.run(erase("echo"), Context())
    assert client.worker_pid == pid  # it stopped by itself, so the process lives on


def test_an_interrupted_run_cancels_its_job(client: EngineClient) -> None:
    def interrupt(done: float, note: str, preview: FloatImage | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.run(erase("step", steps=100_000), Context(interrupt))
    client.run(erase("echo"), Context())  # would wait for hours behind a job that goes on


def test_a_waiting_job_is_cancelled_at_once(client: EngineClient) -> None:
    long, first = submit(client, erase("step", steps=100_000))
    waiting, second = submit(client, erase("echo"))
    first.wait_for_a_step()
    client.cancel(waiting)
    assert second.wait() == WasCancelled(waiting)
    assert first.ends == []
    client.cancel(long)
    assert first.wait() == WasCancelled(long)


def test_a_hanging_job_is_killed_after_its_grace() -> None:
    with EngineClient(config(cancel_grace=0.2)) as client:
        job, recorder = submit(client, erase("hang"))
        _, after = submit(client, erase("echo"))
        recorder.wait_for_a_step()
        pid = client.worker_pid
        client.cancel(job)
        assert recorder.wait() == WasCancelled(job)
        assert isinstance(after.wait(), Finished)
        assert client.worker_pid != pid


def test_cancelling_what_is_over_or_never_was_says_nothing(client: EngineClient) -> None:
    job, recorder = submit(client, erase("echo"))
    recorder.wait()
    client.cancel(job)
    client.cancel(12345)
    client.run(erase("echo"), Context())
    assert len(recorder.events) == 1


def test_jobs_are_answered_in_order(client: EngineClient) -> None:
    ended: list[int] = []
    recorders = [Recorder() for _ in range(12)]

    def watch(recorder: Recorder, event: Event) -> None:
        if isinstance(event, Finished):
            ended.append(event.job)
        recorder(event)

    jobs = [client.submit(erase("fill"), partial(watch, recorder)) for recorder in recorders]
    for recorder in recorders:
        recorder.wait()
    assert ended == jobs


def test_a_failing_callback_harms_nobody(client: EngineClient, caplog: pytest.LogCaptureFixture) -> None:
    def fail(event: Event) -> None:
        msg = "a bug in the caller"
        raise ValueError(msg)

    with caplog.at_level(logging.ERROR, "engines.worker"):
        client.submit(erase("fill"), fail)
        client.run(erase("echo"), Context())
    assert "a bug in the caller" in caplog.text


def test_a_request_that_cannot_be_sent_fails_alone(client: EngineClient) -> None:
    _, recorder = submit(client, erase("echo", value=lambda: 0))  # type: ignore[arg-type]
    _, after = submit(client, erase("echo"))
    assert recorder.error().fault is Fault.INTERNAL
    assert "could not be handed" in recorder.error().message
    assert isinstance(after.wait(), Finished)


@pytest.mark.parametrize("direction", ["send", "receive"])
def test_no_memory_to_hand_over_fails_the_job_alone(
    client: EngineClient, monkeypatch: pytest.MonkeyPatch, direction: str
) -> None:
    def no_memory(*_: object) -> None:
        raise MemoryError

    image = picture(1000, 1000)
    with monkeypatch.context() as patch:
        patch.setattr(Slots, direction, no_memory)
        _, recorder = submit(client, erase("step", image, steps=3), wants_preview=True)
        assert recorder.error().fault is Fault.OUT_OF_MEMORY
    result = client.run(erase("echo", image), Context())
    assert isinstance(result, Erased)
    np.testing.assert_array_equal(result.patches[0].pixels, image)


def test_an_idle_process_ends_and_the_next_job_gets_a_new_one() -> None:
    with EngineClient(config(idle_seconds=0.2)) as client:
        client.run(erase("echo"), Context())
        wait_until(lambda: client.worker_pid is None)
        client.run(erase("echo"), Context())


def test_a_process_that_may_idle_for_ever_does() -> None:
    with EngineClient(config(idle_seconds=float("inf"))) as client:
        client.run(erase("echo"), Context())
        pid = client.worker_pid
        client.run(erase("echo"), Context())
        assert client.worker_pid == pid is not None


def test_warming_starts_the_process_that_the_first_job_uses(client: EngineClient) -> None:
    assert client.worker_pid is None
    client.warm()
    wait_until(lambda: client.worker_pid)
    pid = client.worker_pid
    client.run(erase("echo"), Context())
    assert client.worker_pid == pid


@pytest.mark.parametrize("engine", ["step", "hang"])
def test_closing_ends_the_running_and_the_waiting(engine: str) -> None:
    client = EngineClient(config())
    running, first = submit(client, erase(engine, steps=100_000))
    waiting, second = submit(client, erase("echo", picture(1000, 1000)))
    first.wait_for_a_step()
    client.close(grace=0.3)
    assert first.events[-1] == WasCancelled(running)
    assert second.events == [WasCancelled(waiting)]
    assert client.worker_pid is None


def test_closing_before_the_process_is_up() -> None:
    client = EngineClient(config())
    job, recorder = submit(client, erase("step", picture(2000, 2000), steps=100_000))
    client.close()
    assert recorder.ends == [WasCancelled(job)]


def test_a_closed_client_takes_nothing_more() -> None:
    client = EngineClient(config())
    client.close()
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.submit(erase("echo"), Recorder())


def test_closing_from_a_callback_does_not_wait_for_itself() -> None:
    client = EngineClient(config())
    client.submit(erase("echo"), lambda event: client.close())
    wait_until(lambda: client.worker_pid is None and client._closed)
    client.close()


def test_nothing_piles_up(client: EngineClient) -> None:
    image = picture(800, 800)

    def work() -> int:
        for engine in ("echo", "abort", "step", "echo", "exit", "refuse"):
            submit(client, erase(engine, image, steps=2), wants_preview=True)[1].wait()
            client.reset(engine)
        client.run(erase("echo", image), Context())
        return len(list(open_files.iterdir()))

    open_files = Path("/proc/self/fd")
    if not open_files.is_dir():
        pytest.skip("needs /proc to count open files")
    before = work()
    assert [work() for _ in range(3)] == [before] * 3
    assert own_slots() == []


scripts = st.lists(
    st.sampled_from(["echo", "fill", "step", "bug", "refuse", "abort", "exit", "chat"]), min_size=1, max_size=3
)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(scripts, st.booleans()), min_size=1, max_size=5))
def test_every_job_ends_exactly_once(jobs: list[tuple[list[str], bool]]) -> None:
    with EngineClient(config(cancel_grace=0.5)) as client:
        recorders: dict[int, Recorder] = {}
        for script, cancel in jobs:
            job, recorder = submit(client, erase("script", script=" ".join(script), steps=3), wants_preview=True)
            recorders[job] = recorder
            if cancel:
                client.cancel(job)
        for recorder in recorders.values():
            recorder.wait()
        client.run(DetectText(picture()), Context())  # whatever came late has come now
    for job, recorder in recorders.items():
        assert recorder.ends == recorder.events[-1:]
        assert {event.job for event in recorder.events} == {job}
        assert recorder.progress == sorted(recorder.progress)
        assert all(isinstance(event, Progressed | Previewed) for event in recorder.events[:-1])
