"""Terminal output: one line per stage, and a table at the end. Text only, no colours."""

from __future__ import annotations

import re
import shutil
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from scoring_contract.sensor_names import display_of
from sensor_scoring.hourly.outcome.summary import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.loader import Laid, Step
    from sensor_scoring.hourly.outcome.summary import SensorOutcome, Summary

_HEADINGS = ("sensor", "readings", "anomalies", "seconds", "state")
_NUMERIC = frozenset({"readings", "anomalies", "seconds"})
_STARTED = re.compile(r"\[DAG TEST\] starting task_id=(\w+) map_index=(-?\d+)")
_SHOWN_AT_MOST = 40
_SHOWN_REJECTS = 5


class Stage:
    """A line about one stage of the work.

    On a terminal the line is redrawn while the stage runs; in a file only its last state is written.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._started = time.monotonic()
        self._note = ""
        self._warnings: list[str] = []

    @classmethod
    @contextmanager
    def of(cls, title: str) -> Iterator[Self]:
        """Show a stage while the block runs, then its duration.

        :raises BaseException: what the block raises, after the stage has been shown as stopped
        """
        stage = cls(title)
        stage._draw("...")
        try:
            yield stage
        except BaseException:
            stage._draw("stopped", end="\n")
            raise
        took = f"({time.monotonic() - stage._started:.1f} s)"
        stage._draw(f"{stage._note} {took}" if stage._note else f"done {took}", end="\n")
        for warning in stage._warnings:
            print(warning, file=sys.stderr)

    def note(self, text: str) -> None:
        """Show the progress as a text."""
        self._note = text
        self._draw(text)

    def warn(self, text: str) -> None:
        """Print a text to stderr when the stage has ended, below its line."""
        self._warnings.append(text)

    def see(self, step: Step, done: int, of: int) -> None:
        """Show the progress of a load."""
        self.note(f"{step}, {100 * done // max(of, 1)} %")

    def _draw(self, text: str, end: str = "") -> None:
        line = f"{self._title}: {text}"
        if sys.stdout.isatty():
            # A wrapped line cannot be redrawn, so it is cut while it changes.
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\x1b[K{line if end else line[:width]}", end=end, flush=True)
        elif end:
            print(line, flush=True)


class RunProgress:
    """Shows the progress of a DAG run, from its log lines.

    :param stage: shows the progress
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._steps: dict[str, set[str]] = {}

    def see(self, line: str) -> None:
        """Process a log line."""
        started = _STARTED.search(line)
        if started is None:
            return
        step, index = started.groups()
        self._steps.setdefault(step, set()).add(index)
        self._stage.note(" > ".join(f"{name}{_times(seen)}" for name, seen in self._steps.items()))


def table(summary: Summary) -> str:
    """Return a table with a line per sensor and the totals; of a large fleet, only the first sensors."""
    rows = [_row(sensor) for sensor in summary.sensors]
    hidden = len(rows) - _SHOWN_AT_MOST
    if hidden > 0:
        rows = [*rows[:_SHOWN_AT_MOST], ("...", "", "", "", f"and {hidden} more in summary.json")]
    totals = summary.totals()
    total = ("total", f"{totals['readings']:,}", f"{totals['anomalies']:,}", f"{totals['seconds']:.2f}", "")
    return "\n".join(_aligned([_HEADINGS, *rows, total]))


def show_rejects(laid: Laid) -> None:
    """Print the rejected rows of a load: each of them if they are few, otherwise each reason."""
    if laid.rejects_total <= _SHOWN_REJECTS:
        for reject in laid.rejects:
            print(f"  rejected {reject.place}: {reject.reason}: {reject.text}")
        return
    for reason in laid.reasons[:_SHOWN_REJECTS]:
        print(f"  rejected {reason}")
    if len(laid.reasons) > _SHOWN_REJECTS:
        print(f"  and {len(laid.reasons) - _SHOWN_REJECTS} more reasons")


def failures(summary: Summary) -> Iterable[str]:
    """Return sensor and reason for each failed sensor."""
    return (f"{display_of(sensor.sensor)}: {sensor.reason}" for sensor in summary.having(Outcome.FAILED))


def _row(sensor: SensorOutcome) -> tuple[str, ...]:
    # Only scoring counts readings.
    readings = "" if sensor.outcome is Outcome.UNMODELLED else f"{sensor.readings:,}"
    return (
        display_of(sensor.sensor),
        readings,
        f"{sensor.anomalies:,}",
        f"{sensor.seconds:.2f}",
        sensor.outcome.value + (f" ({sensor.rejected} rows rejected)" if sensor.rejected else ""),
    )


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    for row in rows:
        cells = (
            cell.rjust(width) if heading in _NUMERIC else cell.ljust(width)
            for cell, width, heading in zip(row, widths, _HEADINGS, strict=True)
        )
        yield "  ".join(cells).rstrip()


def _times(indexes: set[str]) -> str:
    return "" if indexes == {"-1"} else f" {len(indexes)}"
