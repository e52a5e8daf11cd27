"""Memory of the processes that were started, while something runs."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Self

import psutil

from local_stack.services.processes import started


class Memory:
    """Samples the memory of the parts while a block runs."""

    def __init__(self) -> None:
        self._samples: dict[str, list[tuple[float, float]]] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def thirds(self) -> dict[str, list[float]]:
        """Return each part's peak in each third of the time, in MB."""
        moments = [moment for samples in self._samples.values() for moment, _ in samples]
        begin, third = min(moments), (max(moments) - min(moments)) / 3
        peaks = {name: [0.0, 0.0, 0.0] for name in self._samples}
        for name, samples in self._samples.items():
            for moment, size in samples:
                index = min(int((moment - begin) / third), 2)
                peaks[name][index] = max(peaks[name][index], size)
        return peaks

    def _look(self) -> None:
        while not self._done.wait(0.5):
            for server in started():
                with suppress(psutil.NoSuchProcess):
                    size = round(psutil.Process(server.process.pid).memory_info().rss / 1e6, 1)
                    self._samples.setdefault(server.name, []).append((time.monotonic(), size))
