"""A red hour, and what must hold once a person has cleared its failures in any way."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from sensor_scoring.hourly.outcome.summary import Outcome
from tests.integration.world import DAG, HOUR, SCORED, an_altered_model

if TYPE_CHECKING:
    from tests.integration.world import World
    from tests.support.receivers import Webhook

FAILING = "1_2"


def a_red_run(world: World) -> str:
    """Score the hour with one sensor's model altered; restore the model afterwards."""
    with an_altered_model(world.stack, FAILING):
        run = world.web.trigger(DAG, hour=str(HOUR))
        assert world.wait(run) == "failed"
    assert [line.sensor for line in world.summary(run).having(Outcome.FAILED)] == [FAILING]
    return run


def ends_anew(world: World, told: Webhook, run: str, *, before: int) -> None:
    """Check that the sensor is scored again, summary, alert, verdict and note say so, and no job is active.

    :param before: messages that had been told when the run was cleared
    """
    assert world.wait(run) == "success"
    assert world.states(run) == dict.fromkeys(SCORED, "success")
    summary = world.summary(run)
    assert (summary.colour, summary.having(Outcome.FAILED)) == ("green", ())
    (body,) = told.bodies[before:]
    assert f"Scored again: {FAILING}" in body["message"]
    assert world.active_jobs(run) == []
    assert note_of(world, run).startswith(f"{HOUR}: {len(SCORED)} scored, 1 silent, ")


def note_of(world: World, run: str) -> str:
    """Return the note on a run's page."""
    return str(world.web.get(f"/dags/{DAG}/dagRuns/{quote(run, safe='')}")["note"])
