"""Airflow settings that a wide mapped task needs: one list, to set them and to check them.

Airflow's defaults are made for tens of task instances, not for thousands that wait at once. Each process
reads its settings for itself, so all should have the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensor_scoring.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FORK_SERVER = {
    "AIRFLOW__SCHEDULER__MP_START_METHOD": "forkserver",
    "AIRFLOW__CORE__MP_FORKSERVER_PRELOAD": "airflow,sensor_scoring.preload",
}
"""LocalExecutor forks task instances from a server that has already loaded their modules: a quarter of
their CPU otherwise (``docs/benchmarks.md``). Airflow first: it makes the plugins importable."""
PARSING = {"AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300"}
"""How often the DAG processor parses a file that has not changed, in seconds; Airflow's own is 30. One that
has changed is parsed at once."""
HEARTBEATS = {"AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1"}
"""The shortest time between two heartbeats of a task instance, in seconds; Airflow's own is 5. The supervisor
of an instance whose pipes close a moment before its process ends sleeps for so long before it notices, and
the executor's slot with it."""
ACTIVE_RUNS = 4
"""Runs of the DAG that may be under way at once: the live hour beside a backfill."""
_FEW = 100
"""Up to so many task instances Airflow's defaults do well enough."""


@dataclass(frozen=True, slots=True)
class Need:
    """One option and the least it must be."""

    section: str
    option: str
    least: int
    default: int
    """Airflow's own."""
    because: str
    """The effect of a lower value."""
    is_fatal: bool = False
    """Whether a run cannot work below it, or is just slow."""

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"AIRFLOW__{self.section.upper()}__{self.option.upper()}"

    def describe(self, found: int) -> str:
        """Say what is wrong and what to set."""
        return (
            f"[{self.section}] {self.option} is {found}, and {self.because}. "
            f"Set {self.variable} to {self.least} or more in all Airflow processes"
        )


def needs_of(groups: int) -> tuple[Need, ...]:
    """Return what runs that map over so many groups need."""
    width = Need(
        *("core", "max_map_length", groups, 1024),
        because=f"this hour has {groups} groups to map over (SENSOR_SCORING_SENSORS_PER_TASK packs them)",
        is_fatal=True,
    )
    if groups <= _FEW:
        return (width,)
    waiting = groups * ACTIVE_RUNS
    return (
        width,
        Need(
            *("triggerer", "capacity", waiting, 1000),
            because=f"{ACTIVE_RUNS} runs at once have {waiting} instances waiting: unless there are several "
            "triggerers, what is over it waits unseen",
        ),
        Need(
            *("core", "max_active_tasks_per_dag", 32, 16),
            because="no more instances of a run than that start or end at once",
        ),
        Need(
            *("scheduler", "max_tis_per_query", 64, 16),
            because="the scheduler looks at no more instances than that in a loop",
        ),
    )


def environ_for(groups: int) -> dict[str, str]:
    """Return the environment variables that meet the needs; none is below Airflow's default."""
    return {need.variable: str(max(need.least, need.default)) for need in needs_of(groups)}


def unmet_of(needs: Iterable[Need], read: Callable[[str, str], int]) -> list[tuple[Need, int]]:
    """Compare the needs with what is set.

    :param read: returns the value of an option, given its section and name
    :return: each need that is not met, with what is set
    """
    return [(need, found) for need in needs if (found := read(need.section, need.option)) < need.least]


def refused_or_short(needs: Iterable[Need], read: Callable[[str, str], int]) -> list[str]:
    """Compare the needs with what is set.

    :param read: as of :func:`unmet_of`
    :return: a sentence for each option that makes runs slow
    :raises SettingsError: for one with which a run cannot work
    """
    unmet = unmet_of(needs, read)
    for need, found in unmet:
        if need.is_fatal:
            raise SettingsError(need.describe(found))
    return [need.describe(found) for need, found in unmet]
