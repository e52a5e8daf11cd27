"""The metrics of a run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sensor_scoring.azure_batch.pool.usage import PoolUse
from sensor_scoring.hourly.outcome.run_metrics import points_of
from sensor_scoring.telemetry.metrics import METRICS, Attribute
from tests.support.traced_runs import a_task, at, some_facts

if TYPE_CHECKING:
    from sensor_scoring.hourly.outcome.run_facts import RunFacts


def values(facts: RunFacts) -> dict[str, float]:
    """Return the values by what tells them apart in a run."""
    return {point.flat_name.removeprefix("sensor_scoring.run."): point.value for point in points_of(facts)}


def test_every_metric_of_a_run_has_a_value() -> None:
    """Of what is known; the table has no other ones."""
    assert {point.metric for point in points_of(some_facts())} == {m for m in METRICS if m.of_run}
    assert values(some_facts()) == {
        "sensors.scored": 20,
        "sensors.failed": 1,
        "sensors.silent": 1,
        "sensors.no_model": 0,
        "readings": 1200,
        "rejected": 5,
        "anomalies": 20,
        "failed_steps": 0,
        "duration": 240,
        "lateness": -60,
        # Of the scored sensors; what a failed one took is no time of scoring.
        "sensor.duration.0.5": 1.0,
        "sensor.duration.0.95": 1.9,
        # Of those that began: 120 and 140 seconds after they were made.
        "queue.duration.0.5": 120,
        "queue.duration.0.95": 140,
        # The node's first task began 70 seconds after its allocation.
        "boot.duration.0.5": 70,
        "boot.duration.0.95": 70,
        "node_time.dedicated": 0.5,
        "node_time.spot": 0.25,
        "cost": 1.5,
    }


def test_values_say_whose_they_are() -> None:
    """A backfill's must not pass for the live hour's, nor one deployment's for another's."""
    points = points_of(some_facts(type="backfill"))
    assert {point.attributes[Attribute.RUN_TYPE] for point in points} == {"backfill"}
    assert {point.attributes[Attribute.POOL] for point in points} == {"p"}


@pytest.mark.parametrize(
    ("changes", "absent"),
    [
        pytest.param({"tasks": []}, {"queue.duration", "boot.duration"}, id="nothing-ran"),
        pytest.param({"nodes": []}, {"boot.duration"}, id="nodes-have-gone"),
        pytest.param(
            {"nodes": [{"id": "n1", "allocationTime": at(5).isoformat()}]},
            {"boot.duration"},
            id="node-was-there-before-the-work",
        ),
        pytest.param({"late_minutes": 0.0}, {"lateness"}, id="no-deadline"),
        pytest.param(
            {"summary": replace(some_facts().summary, pool=None)}, {"node_time", "cost"}, id="use-unknown"
        ),
        pytest.param(
            {"summary": replace(some_facts().summary, pool=PoolUse(pool_id="p"))}, {"cost"}, id="no-price"
        ),
        pytest.param(
            {"summary": replace(some_facts().summary, sensors=())}, {"sensor.duration"}, id="nothing-scored"
        ),
    ],
)
def test_what_is_not_known_has_no_value(changes: dict[str, Any], absent: set[str]) -> None:
    """A 0 in its place would be drawn as one."""

    def metrics_of(facts: RunFacts) -> set[str]:
        return {point.metric.name.removeprefix("sensor_scoring.run.") for point in points_of(facts)}

    assert metrics_of(some_facts()) - metrics_of(some_facts(**changes)) == absent


def test_a_task_that_waits_again_counts_from_then() -> None:
    """Its node was taken away: only the last wait is known."""
    (task,) = [a_task("a", requeued=at(100))]
    assert values(some_facts(tasks=[task]))["queue.duration.0.5"] == 30
