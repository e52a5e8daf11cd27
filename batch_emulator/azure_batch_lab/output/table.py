"""Outcomes as tables that are read on a terminal and on a page alike: Markdown, padded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_lab.spans import span_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

    from azure_batch_lab.search.pareto_front import Trial
    from azure_batch_lab.simulation.outcome import Outcome, Prices


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; the first column stands left, figures right."""
    cells = [list(head), *([*row] for row in rows)]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(head))]
    rule = [("-" * width) if not column else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    return "".join(_row(row, widths) for row in (cells[0], rule, *cells[1:]))


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell.rjust(width) if column else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join(padded)} |\n"


def clock(span: timedelta | None) -> str:
    """Write a span as minutes and seconds."""
    if span is None:
        return "-"
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    return f"{minutes}:{seconds:02}"


def lag_line(lag: timedelta) -> str:
    """Say below a table what was assumed of samples."""
    return f"Samples are seen {span_text(lag)} after they are taken.\n"


OUTCOME_HEAD = (
    "policy",
    "dedicated h",
    "Spot h",
    "cost",
    "mean m:s",
    "p95 m:s",
    "idle",
    "evictions",
    "re-run",
    "not done",
)


def outcome_cells(outcome: Outcome, cost: float | None) -> tuple[str, ...]:
    """Write the figures of an outcome, under ``OUTCOME_HEAD``."""
    return (
        outcome.name,
        f"{outcome.dedicated_hours:,.1f}",
        f"{outcome.spot_hours:,.1f}",
        "-" if cost is None else f"{cost:,.2f}",
        clock(outcome.mean_wait),
        clock(outcome.p95_wait),
        f"{outcome.idle_share:.0%}",
        f"{outcome.evictions:,}",
        f"{outcome.rerun:,}",
        f"{outcome.unfinished:,}",
    )


def front_table(best: Sequence[Trial]) -> str:
    """Write the front, numbered as in its picture."""
    rows = (
        (str(number), trial.point.policy.name, *outcome_cells(trial.outcome, trial.cost)[1:7])
        for number, trial in enumerate(best, 1)
    )
    return table(("#", "policy", *OUTCOME_HEAD[1:7]), rows)


def facts(outcome: Outcome, prices: Prices | None) -> dict[str, Any]:
    """Write an outcome for programs: hours, seconds and shares, nothing rounded for people."""
    mean, p95 = outcome.mean_wait, outcome.p95_wait
    return {
        "policy": outcome.name,
        "dedicatedNodeHours": outcome.dedicated_hours,
        "spotNodeHours": outcome.spot_hours,
        "cost": None if prices is None else outcome.cost(prices),
        "meanSeconds": None if mean is None else mean.total_seconds(),
        "p95Seconds": None if p95 is None else p95.total_seconds(),
        "idleShare": outcome.idle_share,
        "busySlotHours": outcome.busy_slot_hours,
        "slotsPerNode": outcome.slots,
        "evictions": outcome.evictions,
        "tasks": outcome.tasks,
        "tasksRerun": outcome.rerun,
        "tasksNotDone": outcome.unfinished,
        "failedEvaluations": outcome.failed_evaluations,
        "refusedAnnouncements": outcome.refused_announcements,
        "secondsByHour": [wait.total_seconds() for wait in outcome.waits],
    }
