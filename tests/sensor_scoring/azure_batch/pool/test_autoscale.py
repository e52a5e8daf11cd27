"""From policy to formula; the emulator's interpreter evaluates what the formula does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from azure_batch_emulator.autoscale import Formula, SampleSeries, Surroundings
from azure_batch_lab.review import Review
from sensor_scoring.azure_batch.pool.autoscale import AutoscalePolicy, Floor, WarmWindow
from sensor_scoring.errors import SettingsError

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
POLICY = AutoscalePolicy(max_nodes=10, slots_per_node=4)


def targets(
    formula: str, *, spot: list[int], pending: list[int], evicted: int = 0, now: datetime = NOW
) -> tuple[int, int]:
    """Evaluate a formula with Spot nodes, some evicted; return dedicated and Spot targets."""
    evictions = [evicted] * len(spot)
    known = {"$PendingTasks": pending, "$CurrentLowPriorityNodes": spot, "$PreemptedNodeCount": evictions}
    series = {name: SampleSeries() for name in known}
    for name, values in known.items():
        for index, value in enumerate(values):
            series[name].append(now - timedelta(seconds=30 * (len(values) - index) + 30), float(value))
    evaluated = Formula.parse(formula).evaluate(Surroundings(now=now, samples=series))
    return evaluated.target_dedicated, evaluated.target_low_priority


def target(formula: str, *, pending: list[int], now: datetime = NOW) -> int:
    """Evaluate a formula with pending tasks in recent minutes: a sample every 30 s, newest last."""
    series = SampleSeries()
    for index, value in enumerate(pending):
        series.append(now - timedelta(seconds=30 * (len(pending) - index) + 30), float(value))
    surroundings = Surroundings(
        now=now,
        samples={"$PendingTasks": series},
        numbers={},
        target_dedicated=0,
        target_low_priority=0,
        deallocation_option="requeue",
    )
    return Formula.parse(formula).evaluate(surroundings).target_dedicated


@pytest.mark.parametrize(
    ("pending", "nodes"),
    [
        pytest.param([], 0, id="new-pool-without-samples"),
        pytest.param([0] * 10, 0, id="nothing-to-do"),
        pytest.param([0] * 9 + [1], 1, id="one-task-is-a-whole-node"),
        pytest.param([5], 2, id="few-samples-newest-decides"),
        pytest.param([16] * 10, 4, id="four-to-a-node"),
        pytest.param([1000] * 10, 10, id="never-above-the-ceiling"),
    ],
)
def test_a_pool_follows_its_queue(pending, nodes) -> None:
    """It scales from zero and back, without samples and up to the ceiling."""
    assert target(POLICY.formula(), pending=pending) == nodes


def test_announced_load_brings_nodes_before_any_sample() -> None:
    """A run that announces its load gets nodes before metrics show it, until the announcement ends."""
    floor = Floor.for_load(
        batch_tasks=15, slots_per_task=1, slots_per_node=4, now=NOW, hold=timedelta(minutes=10)
    )
    formula = POLICY.formula(floor)
    assert target(formula, pending=[]) == 4
    assert target(formula, pending=[], now=NOW + timedelta(minutes=10)) == 0


def test_a_floor_is_read_back_from_the_formula_while_it_lives() -> None:
    """A second run must see the floor of the first and never lower it."""
    floor = Floor(7, NOW + timedelta(minutes=5))
    formula = POLICY.formula(floor)
    assert Floor.of_formula(formula, now=NOW) == floor
    assert Floor.of_formula(formula, now=floor.until) is None
    assert Floor.of_formula(POLICY.formula(), now=NOW) is None
    assert Floor.of_formula("$TargetDedicatedNodes = 3;", now=NOW) is None
    smaller = Floor(2, NOW + timedelta(minutes=9))
    assert smaller.merged(floor) == Floor(7, NOW + timedelta(minutes=9))


def test_tasks_that_fit_no_node_are_refused_before_they_are_submitted() -> None:
    """Batch would silently leave them waiting forever."""
    with pytest.raises(SettingsError, match="wants 8 slots and a node has 4"):
        Floor.for_load(batch_tasks=1, slots_per_task=8, slots_per_node=4, now=NOW, hold=timedelta(minutes=1))


def test_a_task_of_three_slots_leaves_one_idle() -> None:
    """A task's slots cannot span nodes: with three of four slots, a node runs one task."""
    floor = Floor.for_load(
        batch_tasks=5, slots_per_task=3, slots_per_node=4, now=NOW, hold=timedelta(minutes=1)
    )
    assert floor.nodes == 5


@pytest.mark.parametrize(
    ("minute", "nodes"),
    [
        pytest.param(54, 0, id="before"),
        pytest.param(55, 3, id="opens"),
        pytest.param(0, 3, id="over-the-hour"),
        pytest.param(14, 3, id="still"),
        pytest.param(15, 0, id="closed"),
    ],
)
def test_nodes_are_warm_around_the_work_of_every_hour(minute: int, nodes: int) -> None:
    """For work at minute five, nodes are held from ten minutes before to ten after; then the queue rules."""
    warm = WarmWindow.before(5, nodes=3, minutes=10)
    formula = AutoscalePolicy(max_nodes=10, slots_per_node=4, warm=warm).formula()
    assert target(formula, pending=[], now=NOW.replace(minute=minute)) == nodes


def test_a_warm_window_may_lie_within_the_hour() -> None:
    """For work at half past, it opens and closes in the same hour."""
    warm = WarmWindow.before(30, nodes=2, minutes=10)
    formula = AutoscalePolicy(max_nodes=10, slots_per_node=4, warm=warm).formula()
    held = [minute for minute in range(60) if target(formula, pending=[], now=NOW.replace(minute=minute))]
    assert held == list(range(20, 40))


SPOT = AutoscalePolicy(max_nodes=10, slots_per_node=4, spot=True, dedicated_nodes=1)


@pytest.mark.parametrize(
    ("spot", "pending", "evicted", "wanted"),
    [
        pytest.param([], [], 0, (0, 0), id="new-pool"),
        pytest.param([3] * 30, [16] * 30, 0, (1, 3), id="the-first-is-dedicated"),
        pytest.param([3] * 30, [16] * 30, 2, (3, 3), id="evicted-ones-are-replaced"),
        pytest.param([0] * 30, [16] * 30, 0, (4, 3), id="none-to-be-had"),
        pytest.param([0] * 4, [16] * 4, 0, (1, 3), id="not-waited-long-enough"),
        pytest.param([0] * 30, [0] * 15 + [16] * 15, 0, (1, 3), id="work-has-just-come"),
        pytest.param([3] * 30, [0] * 30, 3, (0, 0), id="nothing-to-do"),
        pytest.param([9] * 30, [1000] * 30, 9, (10, 9), id="never-above-the-ceiling-of-either"),
    ],
)
def test_dedicated_nodes_stand_in_for_spot_nodes(spot, pending, evicted, wanted) -> None:
    """At once for evicted nodes; after ten minutes of waiting tasks for nodes that never came."""
    assert targets(SPOT.formula(), spot=spot, pending=pending, evicted=evicted) == wanted


POLICIES = {
    "announced": {},
    "warm": {"warm": WarmWindow.before(5, nodes=3, minutes=10)},
    "warm in the hour": {"warm": WarmWindow.before(30, nodes=3, minutes=10)},
    "spot": {"spot": True},
    "spot and dedicated": {"spot": True, "dedicated_nodes": 2},
    "spot and warm": {"spot": True, "warm": WarmWindow.before(5, nodes=3, minutes=10)},
}


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("slots", [1, 4])
@pytest.mark.parametrize("nodes", [1, 40])
@pytest.mark.parametrize("floor", [None, Floor(0, NOW), Floor(7, NOW)], ids=["plain", "no-floor", "floor"])
def test_the_formula_passes_review(policy, slots, nodes, floor) -> None:
    """The formula review has no findings: bounded, complete, economical, and safe without samples."""
    formula = AutoscalePolicy(max_nodes=nodes, slots_per_node=slots, **policy).formula(floor)
    assert Review.of(formula, interval=timedelta(minutes=5)).findings == ()
