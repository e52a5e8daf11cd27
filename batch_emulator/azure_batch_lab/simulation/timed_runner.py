"""Attempts that only take time: nothing runs, no file is written, no thread is needed."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from azure_batch_emulator.runner.interface import Ended, ResumeAfter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from azure_batch_emulator.confined.folder import Area
    from azure_batch_emulator.runner.interface import AttemptSpec


class TimedRunner:
    """The runner whose attempts take the seconds that their task was given, and then succeed."""

    def __init__(self, seconds: Mapping[str, float]) -> None:
        """Prepare to count time.

        :param seconds: how long a task takes, by its id
        """
        self._seconds = seconds
        self._report: Callable[[Ended | ResumeAfter], None] = lambda _: None
        self._going: set[int] = set()
        self._has_news = False
        self._begun: set[str] = set()
        self.again = 0
        """Attempts beyond the first of each task."""

    def listen(self, report: Callable[[Ended | ResumeAfter], None]) -> None:
        """Take the callback for reports."""
        self._report = report

    def start(self, attempt: AttemptSpec) -> None:
        """Begin an attempt."""
        task_id = attempt.environment["AZ_BATCH_TASK_ID"]
        self.again += task_id in self._begun
        self._begun.add(task_id)
        self._going.add(attempt.attempt_id)
        span = timedelta(seconds=self._seconds[task_id])
        self._tell(ResumeAfter(attempt.attempt_id, span, partial(self._end, attempt.attempt_id, 0)))

    def stop(self, attempt_id: int, *, grace: timedelta, upload: bool) -> None:  # noqa: ARG002  nobody needs to be asked first
        """End an attempt early, at once."""
        self._end(attempt_id, None)

    def remove(self, area: Area) -> None:
        """Do nothing: there are no folders."""

    def close(self) -> None:
        """Do nothing: nothing goes on by itself."""

    def wait(self) -> bool:
        """Tell whether anything was reported since the last time."""
        news, self._has_news = self._has_news, False
        return news

    def _end(self, attempt_id: int, code: int | None) -> None:
        if attempt_id in self._going:
            self._going.discard(attempt_id)
            self._tell(Ended(attempt_id, code))

    def _tell(self, report: Ended | ResumeAfter) -> None:
        self._has_news = True
        self._report(report)
