"""The thread that everything touching Azure lives in, so that work outlives the screen and never blocks it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from actions.guard.secret import keep_out_of_dumps

T = TypeVar("T")


class EngineThread:
    """A non-daemon thread with its own event loop.

    Work handed in with `keep=True` (a run) is finished before the thread ends; the rest (reads for a screen) is
    cancelled by `close`.
    """

    def __init__(self, name: str = "amlkeys-engine") -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._main, name=name, daemon=False)
        self._lock = threading.Lock()
        self._closing = False
        self._kept: set[Future[Any]] = set()
        self._others: set[Future[Any]] = set()

    def start(self) -> None:
        """Start the thread; work may be submitted from now on."""
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, T], *, keep: bool = False) -> Future[T]:
        """Run a coroutine on the engine's loop, from any thread; its result or error is in the future.

        Raises RuntimeError once the thread is closing.
        """
        with self._lock:
            if self._closing or not self._thread.is_alive():
                work.close()
                raise RuntimeError("the engine's thread is not running")
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
            group = self._kept if keep else self._others
            group.add(future)
        future.add_done_callback(lambda done: self._forget(group, done))
        return future

    def call(self, function: Callable[[], T]) -> Future[T]:
        """Run a plain function in the engine's thread (an import of an SDK, opening a client)."""

        async def run() -> T:
            return function()

        return self.submit(run())

    @property
    def busy(self) -> bool:
        """Tell whether work that must be finished is under way."""
        with self._lock:
            return bool(self._kept)

    def close(self) -> None:
        """Refuse new work, cancel reads, let runs finish, then end the thread; returns at once, see `join`."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            others = list(self._others)
            idle = not self._kept
        for future in others:
            future.cancel()
        if self._thread.ident is None:
            self._loop.close()
        elif idle:
            self._stop()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the thread's end, at most `timeout` seconds; return whether it ended."""
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _forget(self, group: set[Future[Any]], done: Future[Any]) -> None:
        with self._lock:
            group.discard(done)
            over = self._closing and not self._kept
        if over:
            self._stop()

    def _stop(self) -> None:
        with suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(self._loop.stop)

    def _main(self) -> None:
        keep_out_of_dumps()  # secrets come to this thread alone
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._end_tasks()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    def _end_tasks(self) -> None:
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        if tasks:
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
