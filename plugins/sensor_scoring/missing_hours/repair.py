"""What completes hours: commands for a person to paste, and the same for Airflow's REST API. Pure.

Airflow has one running backfill per DAG at most, skips hours that have a run unless it is told to reprocess
them, and takes whatever run has an hour's logical date for the run of that hour, also one that was triggered
by hand and scored another. So there is one backfill at most; what it would skip is cleared, and an hour whose
place is taken is triggered.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any

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


class RepairAction(StrEnum):
    """What Airflow is told to do."""

    BACKFILL = "backfill"
    CLEAR = "clear"
    TRIGGER = "trigger"


@dataclass(frozen=True, slots=True)
class Repair:
    """What completes hours.

    :param hours: in order; a clear's are adjacent, a trigger's is one
    :param behaviour: of a backfill towards runs that are there: ``none``, ``failed`` or ``completed``
    """

    action: RepairAction
    hours: tuple[RunHour, ...]
    behaviour: str = ""
    also: int = 0
    """Complete hours between these that it scores too."""

    @property
    def words(self) -> tuple[str, ...]:
        """Arguments of ``airflow``."""
        match self.action:
            case RepairAction.BACKFILL:
                return (
                    *("backfill", "create", "--dag-id", DAG_ID),
                    *("--from-date", self._first, "--to-date", self._last),
                    *("--reprocess-behavior", self.behaviour, "--max-active-runs", str(BACKFILL_RUNS)),
                )
            case RepairAction.CLEAR:
                return (
                    *("tasks", "clear", DAG_ID),
                    *("--start-date", self._first, "--end-date", self._last, "--yes"),
                )
            case RepairAction.TRIGGER:
                return ("dags", "trigger", DAG_ID, "--conf", json.dumps(self._conf))

    @property
    def body(self) -> dict[str, Any]:
        """The same for Airflow's REST API: what is posted to create it."""
        match self.action:
            case RepairAction.BACKFILL:
                return {
                    "dag_id": DAG_ID,
                    "from_date": self._first,
                    "to_date": self._last,
                    "reprocess_behavior": self.behaviour,
                    "max_active_runs": BACKFILL_RUNS,
                }
            case RepairAction.CLEAR:
                return {"start_date": self._first, "end_date": self._last}
            case RepairAction.TRIGGER:
                # Without a logical date: such a run takes no hour's place.
                return {"logical_date": None, "conf": self._conf}

    @property
    def _first(self) -> str:
        return self.hours[0].start.isoformat()

    @property
    def _last(self) -> str:
        return self.hours[-1].start.isoformat()

    @property
    def _conf(self) -> dict[str, str]:
        return {"hour": str(self.hours[0])}

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
        found += [Repair(RepairAction.CLEAR, hours) for hours in joined(done)]
    return found + [Repair(RepairAction.TRIGGER, (hour,)) for hour in by_slot[Slot.TAKEN]]


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
    spanned = int((hours[-1].end - hours[0].start).total_seconds() // 3600)
    also = spanned - len(hours) if behaviour == "completed" else 0
    return Repair(RepairAction.BACKFILL, tuple(hours), behaviour, also)
