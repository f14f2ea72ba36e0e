"""The engine's thread: runs are finished, reads are cancelled, nothing is left behind."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest

from actions.guard.worker import EngineThread
from tests.support.checkout import ROOT


@pytest.fixture
def thread() -> Iterator[EngineThread]:
    made = EngineThread()
    made.start()
    yield made
    made.close()
    assert made.join(300)


def test_work_runs_on_the_thread_and_its_result_comes_back(thread: EngineThread) -> None:
    async def where() -> str:
        return threading.current_thread().name

    assert thread.submit(where()).result(10) == "amlkeys-engine"
    assert thread.call(lambda: threading.current_thread().daemon).result(10) is False


def test_an_error_is_in_the_future_and_the_thread_lives_on(thread: EngineThread) -> None:
    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        thread.submit(fail()).result(10)
    assert thread.call(lambda: 1).result(10) == 1


def test_close_finishes_runs_and_cancels_reads(thread: EngineThread) -> None:
    go, begun = threading.Event(), threading.Event()
    done: list[str] = []

    async def run() -> str:
        begun.set()
        await asyncio.to_thread(go.wait, 10)
        done.append("run")
        return "finished"

    async def read() -> None:
        await asyncio.Event().wait()

    kept, other = thread.submit(run(), keep=True), thread.submit(read())
    assert begun.wait(300)
    assert thread.busy
    thread.close()
    with pytest.raises(CancelledError):
        other.result(10)
    assert not kept.done()
    go.set()
    assert kept.result(10) == "finished"
    assert thread.join(300)
    assert done == ["run"]


def test_nothing_is_taken_after_close(thread: EngineThread) -> None:
    thread.close()
    thread.close()

    async def late() -> None:
        return None

    with pytest.raises(RuntimeError, match="not running"):
        thread.submit(late())


def test_a_thread_that_never_started_closes_cleanly() -> None:
    made = EngineThread()
    made.close()
    assert made.join(300)


def test_tasks_left_by_a_run_are_ended_with_the_loop(thread: EngineThread) -> None:
    ended = threading.Event()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    kept: list[asyncio.Task[None]] = []

    async def leave() -> None:
        kept.append(asyncio.get_running_loop().create_task(forever()))
        await asyncio.sleep(0)

    thread.submit(leave()).result(10)
    thread.close()
    assert thread.join(300)
    assert ended.is_set()


DUMPS = """
import ctypes, resource
from actions.guard.worker import EngineThread
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
engine = EngineThread()
engine.start()
engine.call(lambda: None).result()
print(resource.getrlimit(resource.RLIMIT_CORE)[0], ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
engine.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux whether a core dump would be written")
def test_no_core_dump_is_written_once_secrets_may_be_in_memory() -> None:
    done = subprocess.run([sys.executable, "-c", DUMPS], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["0", "0"]
