"""Threads that do one thing after the other, and that nobody has to wait for at the end.

The standard executor joins its threads when the interpreter ends, however long they take; what a
rule does with the network may take minutes.
"""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Crew:
    """A fixed number of threads, started when they are first needed; ``do`` is for one thread at a time."""

    def __init__(self, size: int, *, name: str) -> None:
        self._size, self._name = size, name
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def do(self, job: Callable[[], None]) -> None:
        """Have something done; it must not raise. Nothing is begun after ``close``."""
        self._jobs.put(job)
        if len(self._threads) < self._size and not self._closed:
            name = f"{self._name}-{len(self._threads)}"
            self._threads.append(threading.Thread(target=self._work, name=name, daemon=True))
            self._threads[-1].start()

    def close(self, *, seconds: float) -> None:
        """Let what is in progress finish, for so long; what waits is dropped."""
        self._closed = True
        for _ in self._threads:
            self._jobs.put(None)
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None and not self._closed:
            job()
