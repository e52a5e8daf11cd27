"""A run of which everything is known, to be told to telemetry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from scoring_contract.hour import RunHour
from sensor_scoring.azure_batch.pool.usage import PoolUse
from sensor_scoring.azure_batch.task_span import TaskSpan
from sensor_scoring.hourly.outcome.run_facts import RunFacts
from sensor_scoring.hourly.outcome.summary import Outcome, SensorOutcome, Summary
from sensor_scoring.hourly.planning.plan import Plan

HOUR = RunHour.parse("2018-08-29T02")
START = datetime(2018, 8, 29, 3, 5, tzinfo=UTC)
PLANNED_AT = "2018-08-29T03:05:00.000000Z"
PLAN = Plan(hour=HOUR, run="run", planned_at=PLANNED_AT, groups={}, silent=(), unmodelled=())


def at(seconds: float) -> datetime:
    """Return a moment after the start."""
    return START + timedelta(seconds=seconds)


def a_task(name: str, *, started: float | None = 130, node: str = "n1", **facts: Any) -> TaskSpan:
    """Return a Batch task that was made 10 seconds after the start."""
    ran = {"started": at(started), "ended": at(started + 4), "node": node} if started else {}
    return TaskSpan(**{"job": "run-g2", "id": name, "state": "completed", "created": at(10), **ran, **facts})


def some_facts(**changes: Any) -> RunFacts:
    """Return a run of which everything is known."""
    sensors = (
        *(
            SensorOutcome(
                sensor=f"1_{number}", outcome=Outcome.SCORED, readings=60, anomalies=1, seconds=number / 10
            )
            for number in range(1, 21)
        ),
        SensorOutcome(sensor="2_1", outcome=Outcome.FAILED, rejected=5, seconds=99),
        SensorOutcome(sensor="2_2", outcome=Outcome.SILENT),
    )
    use = PoolUse(pool_id="p", node_hours=0.5, spot_node_hours=0.25, cost=1.5)
    facts = {
        "dag_id": "hourly_scoring",
        "type": "scheduled",
        "pool_id": "p",
        "plan": PLAN,
        "summary": Summary(hour=HOUR, run="run", dag_run_id="r", sensors=sensors, pool=use),
        "started": START,
        "ended": at(240),
        "late_minutes": 5.0,
        "tasks": [a_task("a"), a_task("b", started=150), a_task("c", started=None)],
        "nodes": [{"id": "n1", "allocationTime": at(60).isoformat()}, {"id": "n2"}],
    }
    return RunFacts(**{**facts, **changes})
