"""Whose task instances Airflow takes first when it cannot start all that are due: the newest hour's.

Batch has priorities of its own, see ``steps.py``; these are for the way there. Weights are numbers that all
DAGs of an Airflow share::

    live runs   hours since 2000, so the newest hour first     0 to 999,999
    backfills   likewise, below every live run                 -1,000,000 to -1
    training    below these                                    -1,000,000 - 1

The database holds 32 bits; the hours fit until the year 2114, and later ones count as that.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow.task.priority_strategy import PriorityWeightStrategy

if TYPE_CHECKING:
    from airflow.models.taskinstance import TaskInstance

NEWEST_HOUR_FIRST = "sensor_scoring.priority.NewestHourFirst"
"""The ``weight_rule`` of a DAG; the plugin registers it with Airflow."""
_HOURS = 1_000_000
TRAINING_WEIGHT = -_HOURS - 1
"""Weight of a training's task instances."""
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_RUN = re.compile(r"(?P<kind>[a-z_]+)__(?P<hour>\d{4}-\d{2}-\d{2}T\d{2}):", re.ASCII)


class NewestHourFirst(PriorityWeightStrategy):
    """Weighs a task instance by its run's hour.

    Airflow asks when it makes a task instance, and shows no more of the run than its id. That says for which
    hour the run was made, or when a person triggered it. One that a backfill takes over keeps its id, and so
    the weight of its hour.
    """

    def get_weight(self, ti: TaskInstance) -> int:
        """Return the weight."""
        return weight_of(ti.run_id)


def weight_of(run_id: str) -> int:
    """Return the weight of a run; 0, the least of a live one, if its id does not say for which hour it is."""
    found = _RUN.match(run_id)
    if not found:
        return 0
    try:
        moment = datetime.strptime(found["hour"], "%Y-%m-%dT%H").replace(tzinfo=UTC)
    except ValueError:
        return 0
    hours = min(max(int((moment - _BEGINNING).total_seconds() // 3600), 0), _HOURS - 1)
    return hours - _HOURS if found["kind"] == "backfill" else hours
