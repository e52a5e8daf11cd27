"""The telemetry of a standing Airflow: a red hour, its repair, and the pool, as a collector gets them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from sensor_scoring.telemetry.metrics import METRICS
from tests.integration.repair import FAILING, a_red_run
from tests.integration.world import DAG, LONG, SCORED
from tests.support.telemetry_receiver import receiving
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.world import World
    from tests.support.telemetry_receiver import Received

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]
FAILED = ("sensor_scoring.run.sensors", "sensor-scoring", "manual", "failed")


@pytest.fixture
def received(world: World) -> Iterator[Received]:
    """Turn telemetry on in the workers for a while."""
    airflow = world.cluster.airflow
    with receiving() as received:
        try:
            restart(world, replace(airflow, settings={**airflow.settings, **received.settings}))
            yield received
        finally:
            restart(world, airflow)


def restart(world: World, airflow: Any) -> None:
    """Give the scheduler, whose executor starts the workers, another environment."""
    world.cluster.airflow = airflow
    world.cluster.restart("scheduler")


def named(spans: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Return the spans of a name."""
    return [span for span in spans if span["name"] == name]


def of_run(received: Received, base: str) -> list[dict[str, Any]]:
    """Return the spans of a run's trace; the hour that is due meanwhile has its own."""
    traces = {
        span["traceId"] for span in received.spans if span["attributes"].get("sensor_scoring.run.id") == base
    }
    return [span for span in received.spans if span["traceId"] in traces]


def test_a_red_hour_and_its_repair_are_one_trace(world: World, received: Received) -> None:
    """The repair adds what was done again; no span is sent twice, and the gauges have new values."""
    run = a_red_run(world)
    first = of_run(received, world.base(run))
    assert received.values()[FAILED] == 1
    (root,) = named(first, DAG)
    steps = {span["name"] for span in first if span.get("parentSpanId") == root["spanId"]}
    assert steps == {"settle", "plan", "open", "submit", "score", "confirm", "summarise"}
    assert root["status"]["code"] == "STATUS_CODE_ERROR"
    assert {span["attributes"]["sensor_scoring.group"] for span in named(first, "Batch task")} == set(SCORED)
    assert len(named(first, "scorer")) == len(SCORED)

    index = world.instances(run)[FAILING].map_index
    world.web.clear(DAG, run, [("score", index)], downstream=True)
    assert world.wait(run) == "success"
    whole = of_run(received, world.base(run))
    ids = [span["spanId"] for span in whole]
    assert len(set(ids)) == len(ids)
    new = whole[len(first) :]
    (again,) = named(new, DAG)
    assert again["parentSpanId"] == root["spanId"]
    (task,) = named(new, "Batch task")
    assert task["attributes"]["sensor_scoring.group"] == FAILING
    assert task["parentSpanId"] == named(first, "score")[0]["spanId"]
    assert received.values()[FAILED] == 0


def test_the_pool_is_measured_between_runs(world: World, received: Received) -> None:
    """By a DAG of its own."""
    until(partial(world.web.knows, "pool_metrics"))
    world.web.unpause("pool_metrics")
    run = world.web.trigger("pool_metrics")
    assert world.web.wait_for_run("pool_metrics", run, seconds=LONG) == "success"
    # The hour that is due meanwhile sends its own.
    assert {metric["name"] for metric in received.metrics} >= {
        metric.name for metric in METRICS if not metric.of_run
    }
