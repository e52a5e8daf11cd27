"""The time of a scoring process, stage by stage; threads share it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from scoring_contract.messages.report import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator


class StageTimes:
    """Measures stages.

    :param started: when the process started, ``time.monotonic()`` in seconds
    """

    def __init__(self, started: float) -> None:
        self._started = started
        self._lock = Lock()
        self._stages: dict[str, Stage] = {}

    @property
    def elapsed(self) -> float:
        """Seconds since the process started."""
        return time.monotonic() - self._started

    @contextmanager
    def timed(self, name: str, *, start: float | None = None) -> Iterator[None]:
        """Count what a block takes as a part of a stage.

        :param start: seconds after the process started, if it began before the block
        """
        start = self.elapsed if start is None else start
        try:
            yield
        finally:
            self._add(name, start, self.elapsed)

    def _add(self, name: str, start: float, end: float) -> None:
        with self._lock:
            held = self._stages.get(name, Stage(name, start, end, 0.0))
            self._stages[name] = Stage(
                name, min(held.start, start), max(held.end, end), held.seconds + end - start
            )

    def stages(self) -> tuple[Stage, ...]:
        """Return the stages, the one that began first before the others."""
        with self._lock:
            return tuple(sorted(self._stages.values(), key=lambda stage: stage.start))
