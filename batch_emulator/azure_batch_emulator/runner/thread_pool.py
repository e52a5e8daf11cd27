"""A pool of daemon threads, which do not keep the interpreter from ending.

``ThreadPoolExecutor`` joins its threads when the interpreter ends, and a rule that uses the network may take
minutes.
"""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class DaemonThreadPool:
    """Up to a number of threads, started when needed; call ``submit`` from one thread at a time."""

    def __init__(self, size: int, *, name: str) -> None:
        self._size, self._name = size, name
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def submit(self, job: Callable[[], None]) -> None:
        """Run a job, which must not raise, on a free thread; nothing starts after ``close``."""
        self._jobs.put(job)
        if len(self._threads) < self._size and not self._closed:
            name = f"{self._name}-{len(self._threads)}"
            self._threads.append(threading.Thread(target=self._work, name=name, daemon=True))
            self._threads[-1].start()

    def close(self, *, seconds: float) -> None:
        """Give running jobs so many seconds to finish; drop those that wait."""
        self._closed = True
        for _ in self._threads:
            self._jobs.put(None)
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None and not self._closed:
            job()
