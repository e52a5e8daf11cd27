"""The last lines that failed Batch tasks wrote to stderr, without signatures; each is fetched once."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensor_scoring.ui.facts import unsigned

if TYPE_CHECKING:
    from sensor_scoring.ui.printed_files import PrintedFiles

_BYTES, _LINES = 4096, 20
_REMEMBERED = 512
_FILE = "stderr.txt"


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of what a Batch task wrote to stderr."""

    lines: str = ""
    place: str = ""
    """``log container``, ``node``, or empty if there is nothing in either."""


class StderrTails:
    """Tails of Batch tasks that have ended, and so write no more."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], Tail] = OrderedDict()

    def of(self, files: PrintedFiles, job: str, batch_task_id: str) -> Tail:
        """Return the tail of a Batch task that has ended.

        :raises ScoringError: if neither service says
        """
        place = (job, batch_task_id)
        tail = self._known.get(place)
        if tail is None:
            tail = _fetched(files, job, batch_task_id)
            self._known[place] = tail
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return tail


def _fetched(files: PrintedFiles, job: str, batch_task_id: str) -> Tail:
    end = files.end_of(job, batch_task_id, _FILE, size=_BYTES)
    if end is None:
        return Tail()
    # A line that lost its beginning may begin in the middle of a signature.
    whole = end.text.partition("\n")[2] if len(end.text.encode()) >= _BYTES else end.text
    return Tail(unsigned("\n".join(whole.splitlines()[-_LINES:])), "log container" if end.blob else "node")
