"""Which cure comes when, and what is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sensor_scoring.azure_batch.made_by import MADE_BY
from sensor_scoring.azure_batch.onlooker import PoolSight
from sensor_scoring.azure_batch.pool.autoscale import AutoscalePolicy
from sensor_scoring.pool_watch.choice import wanted_cures
from sensor_scoring.pool_watch.cure import Action, Cure
from sensor_scoring.pool_watch.ledger import Ledger
from sensor_scoring.pool_watch.stuck import stuck_of

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
POOL: dict[str, Any] = {
    "id": "p",
    "state": "active",
    "allocationState": "steady",
    "allocationStateTransitionTime": (NOW - timedelta(minutes=5)).isoformat(),
    "enableAutoScale": True,
    "autoScaleFormula": AutoscalePolicy(max_nodes=3, slots_per_node=4).formula(),
    "metadata": [MADE_BY],
}
LACK: dict[str, Any] = {
    "targetDedicatedNodes": 3,
    "resizeErrors": [{"code": "AllocationFailed", "message": "none"}],
}
LONG_AGO: dict[str, Any] = {"allocationStateTransitionTime": (NOW - timedelta(minutes=40)).isoformat()}
WANTED: dict[str, Any] = {
    "targetDedicatedNodes": 1,
    "autoScaleRun": {"timestamp": (NOW - timedelta(minutes=3)).isoformat()},
}


def a_node(state: str, *, minutes: float = 90, name: str = "n", **facts: Any) -> dict[str, Any]:
    """Describe a node that has been in a state for so long."""
    since = (NOW - timedelta(minutes=minutes)).isoformat()
    return {"id": name, "state": state, "stateTransitionTime": since, **facts}


def done(*cures: tuple[Action, str, float]) -> Ledger:
    """Return a ledger: what was done to which node how many minutes ago."""
    ledger = Ledger()
    for action, node, minutes in cures:
        at = NOW - timedelta(minutes=minutes)
        ledger = ledger.extended([Cure(action, "it was stuck", node)], at=at, by="look")
    return Ledger.from_json(ledger.to_json())


def chosen(*nodes: dict[str, Any], ledger: Ledger | None = None, **pool: Any) -> list[tuple[str, str]]:
    """Return what is to be done to which node."""
    sight = PoolSight(NOW, {**POOL, **pool}, timedelta(minutes=5), nodes)
    return [(cure.action, cure.node) for cure in wanted_cures(sight, stuck_of(sight), ledger or Ledger())]


@pytest.mark.behaviour("stuck-pool")
@pytest.mark.parametrize(
    ("node", "earlier", "cure"),
    [
        pytest.param(a_node("unusable"), [], "reboot", id="unusable"),
        pytest.param(a_node("unusable", minutes=9), [], "", id="unusable-for-a-moment"),
        pytest.param(a_node("unusable"), [(Action.REBOOT, "n", 9)], "", id="just-rebooted"),
        pytest.param(a_node("unusable"), [(Action.REBOOT, "n", 11)], "remove", id="rebooted-in-vain"),
        pytest.param(a_node("unusable"), [(Action.REBOOT, "n", 1300)], "remove", id="rebooted-that-day"),
        pytest.param(
            a_node("unusable"), [(Action.REBOOT, "n", 1500)], "reboot", id="rebooted-the-day-before"
        ),
        pytest.param(a_node("unusable"), [(Action.REBOOT, "m", 11)], "reboot", id="another-was-rebooted"),
        pytest.param(
            a_node("unusable"),
            [(Action.REBOOT, "n", 90), (Action.REMOVE, "n", 30)],
            "",
            id="removal-takes-its-time",
        ),
        pytest.param(a_node("unusable", runningTasksCount=1), [], "", id="unusable-but-works"),
        pytest.param(a_node("starttaskfailed"), [], "reboot", id="start-task"),
        pytest.param(a_node("unknown"), [], "remove", id="lost"),
        pytest.param(a_node("offline"), [], "", id="closed-by-a-person"),
        pytest.param(a_node("starting"), [], "remove", id="never-comes-up"),
        pytest.param(a_node("starting", minutes=29), [], "", id="boots"),
        pytest.param(a_node("preempted", minutes=900), [], "", id="pre-empted"),
        pytest.param(a_node("leavingpool", minutes=900), [], "", id="leaves"),
        pytest.param(a_node("idle"), [], "formula", id="idles"),
        pytest.param(a_node("idle"), [(Action.FORMULA, "", 5)], "", id="idles-just-now"),
        pytest.param(
            a_node("idle"), [(Action.FORMULA, "", 15)], "remove", id="idles-in-spite-of-the-formula"
        ),
        pytest.param(a_node("idle", runningTasksCount=2), [(Action.FORMULA, "", 15)], "", id="got-a-task"),
    ],
)
def test_the_mildest_cure_comes_first(node, earlier, cure) -> None:
    """A stronger one follows when it had time to work; a node with Batch tasks is left alone."""
    found = chosen(node, ledger=done(*earlier))
    assert found == ([(cure, "" if cure == "formula" else "n")] if cure else [])


@pytest.mark.behaviour("stuck-pool")
@pytest.mark.parametrize(
    ("facts", "cures"),
    [
        pytest.param({"metadata": []}, [], id="made-by-others"),
        pytest.param({"metadata": [{"name": "made-by", "value": "x"}]}, [], id="marked-by-others"),
        pytest.param({"state": "deleting"}, [], id="being-deleted"),
        pytest.param({"allocationState": "resizing"}, [("reboot", "n")], id="busy"),
        pytest.param({"enableAutoScale": False}, [("reboot", "n")], id="of-a-fixed-size"),
        pytest.param({}, [("remove", "m"), ("reboot", "n")], id="ours"),
    ],
)
def test_only_what_is_ours_and_steady_is_changed(facts, cures) -> None:
    """Nobody would fill a gap in a pool of a fixed size."""
    nodes = a_node("unusable"), a_node("starting", name="m")
    assert chosen(*nodes, **facts) == cures


@pytest.mark.parametrize(
    ("facts", "cures"),
    [
        pytest.param({**LACK, **LONG_AGO}, [("formula", "")], id="nobody-tries-again"),
        pytest.param(LACK, [], id="the-service-tries-again"),
        pytest.param({**LACK, **LONG_AGO, "targetDedicatedNodes": 1}, [], id="nothing-is-lacking"),
    ],
)
def test_a_pool_that_lacks_nodes_is_pushed_only_if_the_service_has_given_up(facts, cures) -> None:
    """Each evaluation tries again by itself, as long as there are any."""
    assert chosen(a_node("running"), **facts) == cures


def test_a_failing_formula_is_cured_before_the_nodes_that_idle_for_it() -> None:
    """The pool takes one change at a time."""
    failing: dict[str, Any] = {"autoScaleRun": {"error": {"code": "E"}}}
    nodes = [a_node("idle", name=name) for name in "ab"]
    assert chosen(*nodes, **failing) == [("formula", "")]
    set_again = done((Action.FORMULA, "", 15))
    assert chosen(*nodes, ledger=set_again, **failing) == [("remove", "a"), ("remove", "b")]


def test_nodes_that_the_formula_lately_asked_for_may_idle() -> None:
    """They are kept warm."""
    assert chosen(a_node("idle"), **WANTED) == []
    assert chosen(a_node("idle"), a_node("idle", name="m"), **WANTED) == [("formula", "")]


@pytest.mark.parametrize(
    ("facts", "nodes", "words"),
    [
        pytest.param({"enableAutoScale": False}, [], "keeps its size of 0", id="autoscale-off"),
        pytest.param({"enableAutoScale": False, "metadata": []}, [], "", id="a-fixed-pool-of-others"),
        pytest.param(
            {"allocationState": "resizing", "allocationStateTransitionTime": "2026-03-04T08:59:00Z"},
            [],
            "a resize lasts for 61 minutes",
            id="resizes-for-ever",
        ),
        pytest.param(
            {"allocationState": "resizing", "allocationStateTransitionTime": "2026-03-04T08:59:00Z"},
            [a_node("running", runningTasksCount=1)],
            "",
            id="a-task-holds-the-resize-up",
        ),
    ],
)
def test_scaling_that_stands_still_is_told(facts, nodes, words) -> None:
    """Somebody may have meant it, so it is only told."""
    sight = PoolSight(NOW, {**POOL, **facts}, None, nodes)
    said = [trouble.sentence for trouble in stuck_of(sight)]
    assert words in "".join(said)
    assert bool(said) is bool(words)
    assert wanted_cures(sight, stuck_of(sight), Ledger()) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"contract": 1, "cures": 3}', id="no-list"),
        pytest.param('{"contract": 1, "cures": [{"at": "yesterday"}]}', id="no-time"),
        pytest.param(
            '{"contract": 1, "cures": [{"at": "2026-03-04T10:00:00", "action": "reboot"}]}', id="no-zone"
        ),
        pytest.param(
            '{"contract": 1, "cures": [{"at": "2026-03-04T10:00:00+00:00", "action": "pray"}]}',
            id="no-action",
        ),
    ],
)
def test_a_damaged_ledger_is_refused(text) -> None:
    """It is not read as one without cures, which would allow as many again."""
    with pytest.raises(ValueError, match="cures of a pool"):
        Ledger.from_json(text)
