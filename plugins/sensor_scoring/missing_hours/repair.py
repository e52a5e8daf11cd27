"""The commands that complete hours, for a person to paste. Pure.

Airflow has one running backfill per DAG at most, skips hours that have a run unless it is told to reprocess
them, and takes whatever run has an hour's logical date for the run of that hour, also one that was triggered
by hand and scored another. So there is one backfill at most; what it would skip is cleared, and an hour whose
place is taken is triggered.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from sensor_scoring.airflow_config import ACTIVE_RUNS
from sensor_scoring.hourly.names import DAG_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scoring_contract.hour import RunHour

BACKFILL_RUNS = 2
"""Runs of a printed backfill at once: it leaves room for the live hour."""
MOST_CLEARED = ACTIVE_RUNS - 1
"""Hours that are cleared at most: cleared runs count among the DAG's active ones, and the live hour's run
would wait behind more. Runs of a backfill have a limit of their own."""


class Slot(Enum):
    """The DAG run at an hour's logical date."""

    FREE = "no run"
    FAILED = "a run that failed"
    DONE = "a run that succeeded"
    ACTIVE = "a run that is queued or under way"
    TAKEN = "a run of another hour"
    UNKNOWN = "not asked"


@dataclass(frozen=True, slots=True)
class Repair:
    """A command of Airflow's, and the hours it is for."""

    words: tuple[str, ...]
    """Arguments of ``airflow``."""
    hours: tuple[RunHour, ...]
    also: int = 0
    """Complete hours between these that it scores too."""

    def __str__(self) -> str:
        return shlex.join(("airflow", *self.words))


def repairs(slots: Mapping[RunHour, Slot]) -> list[Repair]:
    """Return the commands, to be pasted in any order, all at once.

    :param slots: incomplete hours, and what Airflow has there; nothing is done for active ones
    """
    by_slot = {slot: sorted(hour for hour in slots if slots[hour] is slot) for slot in Slot}
    done = sorted(by_slot[Slot.DONE] + by_slot[Slot.UNKNOWN])
    undone = sorted(by_slot[Slot.FREE] + by_slot[Slot.FAILED])
    everything = sorted(done + undone)
    found = []
    if done and (len(joined(everything)) == 1 or len(done) > MOST_CLEARED or by_slot[Slot.UNKNOWN]):
        found.append(_backfill(everything, "completed"))
    else:
        if undone:
            found.append(_backfill(undone, "failed" if by_slot[Slot.FAILED] else "none"))
        found += [_clear(hours) for hours in joined(done)]
    return found + [_trigger(hour) for hour in by_slot[Slot.TAKEN]]


def joined(hours: Iterable[RunHour]) -> list[tuple[RunHour, ...]]:
    """Join neighbouring hours.

    :param hours: in order
    """
    ranges: list[tuple[RunHour, ...]] = []
    for hour in hours:
        if ranges and ranges[-1][-1].next == hour:
            ranges[-1] = (*ranges[-1], hour)
        else:
            ranges.append((hour,))
    return ranges


def _backfill(hours: Sequence[RunHour], behaviour: str) -> Repair:
    first, last = hours[0], hours[-1]
    words = (
        *("backfill", "create", "--dag-id", DAG_ID),
        *("--from-date", first.start.isoformat(), "--to-date", last.start.isoformat()),
        *("--reprocess-behavior", behaviour, "--max-active-runs", str(BACKFILL_RUNS)),
    )
    spanned = int((last.end - first.start).total_seconds() // 3600)
    return Repair(words, tuple(hours), also=spanned - len(hours) if behaviour == "completed" else 0)


def _clear(hours: Sequence[RunHour]) -> Repair:
    first, last = hours[0].start.isoformat(), hours[-1].start.isoformat()
    words = ("tasks", "clear", DAG_ID, "--start-date", first, "--end-date", last, "--yes")
    return Repair(words, tuple(hours))


def _trigger(hour: RunHour) -> Repair:
    # Without a logical date: such a run takes no hour's place.
    return Repair(("dags", "trigger", DAG_ID, "--conf", json.dumps({"hour": str(hour)})), (hour,))
