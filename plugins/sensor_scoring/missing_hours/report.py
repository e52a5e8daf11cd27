"""Report of incomplete hours: a table and the commands that repair them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sensor_scoring.missing_hours.repair import Slot, repairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from scoring_contract.hour import RunHour
    from sensor_scoring.missing_hours.gaps import Gap
    from sensor_scoring.missing_hours.repair import Repair

HOUR_WIDTH, SINCE_WIDTH = len("2018-08-29T02"), len("2018-08-29 03:05 UTC")


@dataclass(frozen=True, slots=True)
class MissingReport:
    """Incomplete hours, and the DAG run of each."""

    gaps: tuple[Gap, ...]
    slots: Mapping[RunHour, Slot]

    @classmethod
    def of(cls, gaps: Iterable[Gap], slots: Mapping[RunHour, Slot]) -> MissingReport:
        """Put together what storage and Airflow say of runs that are under way."""
        active = {hour for hour, slot in slots.items() if slot is Slot.ACTIVE}
        told = tuple(replace(gap, is_under_way=gap.is_under_way or gap.hour in active) for gap in gaps)
        return cls(told, slots)

    @property
    def unattended(self) -> tuple[Gap, ...]:
        """The hours that no run is about to score."""
        return tuple(gap for gap in self.gaps if not gap.is_under_way)

    def repairs(self) -> list[Repair]:
        """Return the commands for the hours that no run is about to score."""
        return repairs({gap.hour: self.slots.get(gap.hour, Slot.UNKNOWN) for gap in self.unattended})

    def table(self) -> list[str]:
        """Return a line for each hour, below a heading."""
        heading = f"{'hour':{HOUR_WIDTH}}  {'since':{SINCE_WIDTH}}  what is missing"
        return [heading, *(_line(gap, self.slots) for gap in self.gaps)]

    def commands(self, shown: Callable[[Sequence[str]], str] | None = None) -> list[str]:
        """Return lines with the commands, and what is worth knowing before they are pasted.

        :param shown: writes a command, given what follows ``airflow``; as a shell of Airflow's unless given
        """
        found = self.repairs()
        lines = ["To complete them:"] if found else []
        for repair in found:
            lines.append(f"  {shown(repair.words) if shown else repair}")
            if repair.also:
                lines.append(f"  (scores again {repair.also} complete hours between them)")
        if found:
            unpause = ("dags", "unpause", "hourly_scoring")
            command = shown(unpause) if shown else f"airflow {' '.join(unpause)}"
            lines.append(f"A DAG that is paused runs none of it: {command}")
        if len(self.unattended) < len(self.gaps):
            lines.append("Where a run is under way, look again when it has ended.")
        return lines


def _line(gap: Gap, slots: Mapping[RunHour, Slot]) -> str:
    hidden = ", hidden by a run of another hour" if slots.get(gap.hour) is Slot.TAKEN else ""
    return f"{gap.hour}  {gap.since:%Y-%m-%d %H:%M} UTC  {gap.describe()}{hidden}"
