"""How long the trouble of a pool is news, look by look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring_contract.hour import RunHour
from sensor_scoring.alerts.conditions import Kind
from sensor_scoring.alerts.history import AlertHistory
from sensor_scoring.alerts.observations import observation_of, observation_of_late_run
from sensor_scoring.azure_batch.made_by import MADE_BY
from sensor_scoring.azure_batch.onlooker import PoolSight
from sensor_scoring.hourly.outcome.summary import Summary
from sensor_scoring.pool_watch.observation import observation_of_pool
from sensor_scoring.pool_watch.stuck import stuck_of

START = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
POOL = {
    "id": "p",
    "state": "active",
    "allocationState": "steady",
    "enableAutoScale": True,
    "metadata": [MADE_BY],
}
BROKEN, BOOTS, WORKS = "unusable", "starting", "running"
LACK: dict[str, Any] = {"targetDedicatedNodes": 2, "resizeErrors": [{"code": "AllocationFailed"}]}
FAILS: dict[str, Any] = {"autoScaleRun": {"error": {"code": "E"}}}


class Looks:
    """Looks at a pool, one after the other."""

    def __init__(self) -> None:
        self.now = START
        self.history = AlertHistory()

    def look(self, *states: str, hours: float = 0.2, **facts: Any) -> str:
        """Look at the pool with nodes in such states; say what is news: what begins, what ends."""
        self.now += timedelta(hours=hours)
        since = (self.now - timedelta(minutes=15)).isoformat()
        nodes = [
            {"id": f"n{index}", "state": state, "stateTransitionTime": since}
            for index, state in enumerate(states)
        ]
        sight = PoolSight(self.now, {**POOL, **facts}, None, nodes)
        seen = observation_of_pool(sight, stuck_of(sight), cures=(), limit=0)
        news, after = self.history.after(seen)
        self.history = AlertHistory.from_json(after.to_json())
        begun = [f"+{found.name}" for found in news.begun]
        return " ".join([*begun, *(f"-{name}" for _, name in news.ended)])


@pytest.fixture
def looks() -> Looks:
    """Start with an empty history."""
    return Looks()


def test_nodes_in_one_trouble_are_one_piece_of_news(looks: Looks) -> None:
    """Another one is not news; the end of the last one is."""
    assert looks.look(WORKS, BROKEN) == "+p: nodes that cannot work (unusable)"
    assert looks.look(WORKS, BROKEN, BROKEN) == ""
    assert looks.look(WORKS, WORKS) == "-p: nodes that cannot work (unusable)"


@pytest.mark.parametrize(
    "states",
    [
        pytest.param([], id="no-nodes"),
        pytest.param([BOOTS], id="its-successor-boots"),
        pytest.param([WORKS, BOOTS], id="another-works"),
        pytest.param([WORKS, "unknown"], id="another-is-broken"),
    ],
)
def test_trouble_of_nodes_ends_with_evidence(looks: Looks, states: list[str]) -> None:
    """A broken node that is gone does not show that the next one works."""
    looks.look(BROKEN)
    assert "-p: nodes that cannot work (unusable)" not in looks.look(*states)
    assert "-p: nodes that cannot work (unusable)" in looks.look(WORKS)


def test_lack_of_nodes_ends_when_they_are_there(looks: Looks) -> None:
    """Not when none are asked for any more."""
    assert looks.look(**LACK) == "+p: nodes cannot be had (AllocationFailed)"
    assert looks.look(targetDedicatedNodes=0) == ""
    assert looks.look(targetDedicatedNodes=2, allocationState="resizing") == ""
    assert looks.look(WORKS, WORKS, targetDedicatedNodes=2) == "-p: nodes cannot be had (AllocationFailed)"


def test_a_failing_formula_ends_with_an_evaluation(looks: Looks) -> None:
    """Until there is one, nothing shows that it works."""
    assert looks.look(**FAILS) == "+p: the formula fails (E)"
    assert looks.look() == ""
    assert looks.look(autoScaleRun={"results": "$TargetDedicatedNodes=0"}) == "-p: the formula fails (E)"


def test_what_was_not_seen_for_a_day_is_told_anew(looks: Looks) -> None:
    """A pool that scaled to zero shows no end; its trouble of last week is not today's."""
    looks.look(BROKEN)
    assert looks.look(hours=23) == ""
    assert looks.look(BROKEN) == ""
    assert looks.look(hours=26) == ""
    assert looks.look(BROKEN) == "+p: nodes that cannot work (unusable)"


def test_runs_and_looks_do_not_end_each_others_news(looks: Looks) -> None:
    """A green hour says nothing of the pool between hours, and a look nothing of a late run."""
    looks.look(BROKEN)
    summary = Summary(hour=RunHour.containing(looks.now), run="r", dag_run_id="r", sensors=())
    _, looks.history = looks.history.after(observation_of(summary))
    assert looks.look(BROKEN) == ""
    days_ago = RunHour.containing(START - timedelta(days=5))
    _, looks.history = looks.history.after(observation_of_late_run(days_ago, "cleared", "it is late", ()))
    looks.look(WORKS)
    assert [place for place in looks.history.conditions if place[0] is Kind.LATE] == [(Kind.LATE, "cleared")]


def test_trouble_of_one_pool_does_not_end_with_anothers(looks: Looks) -> None:
    """The training pool may be another."""
    looks.look(BROKEN)
    assert looks.look(WORKS, id="p2") == ""
    assert looks.look(WORKS) == "-p: nodes that cannot work (unusable)"
