"""From a policy to a formula; what the formula does is evaluated by the emulator's interpreter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from azure_batch_emulator.autoscale import Formula, SampleSeries, Surroundings
from azure_batch_emulator.lab.review import Review
from sensor_scoring.autoscale import AutoscalePolicy, Floor
from sensor_scoring.errors import SettingsError

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
POLICY = AutoscalePolicy(max_nodes=10, slots_per_node=4)


def target(formula: str, *, pending: list[int], now: datetime = NOW) -> int:
    """Evaluate a formula with pending tasks in the last minutes, a sample each 30 s, newest last."""
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
    """From zero and back, without samples and beyond the ceiling."""
    assert target(POLICY.formula(), pending=pending) == nodes


def test_announced_load_brings_nodes_before_any_sample() -> None:
    """A run that knows its load does not wait for the metrics, and no longer than it said."""
    floor = Floor.for_load(
        batch_tasks=15, slots_per_task=1, slots_per_node=4, now=NOW, hold=timedelta(minutes=10)
    )
    formula = POLICY.formula(floor)
    assert target(formula, pending=[]) == 4
    assert target(formula, pending=[], now=NOW + timedelta(minutes=10)) == 0


def test_a_floor_is_read_back_from_the_formula_while_it_lives() -> None:
    """A second run must see what the first one asked for, and never lower it."""
    floor = Floor(7, NOW + timedelta(minutes=5))
    formula = POLICY.formula(floor)
    assert Floor.of_formula(formula, now=NOW) == floor
    assert Floor.of_formula(formula, now=floor.until) is None
    assert Floor.of_formula(POLICY.formula(), now=NOW) is None
    assert Floor.of_formula("$TargetDedicatedNodes = 3;", now=NOW) is None
    smaller = Floor(2, NOW + timedelta(minutes=9))
    assert smaller.merged(floor) == Floor(7, NOW + timedelta(minutes=9))


def test_tasks_that_fit_no_node_are_refused_before_they_are_submitted() -> None:
    """Batch would let them wait for ever without a word."""
    with pytest.raises(SettingsError, match="wants 8 slots and a node has 4"):
        Floor.for_load(batch_tasks=1, slots_per_task=8, slots_per_node=4, now=NOW, hold=timedelta(minutes=1))


def test_a_task_of_three_slots_leaves_one_idle() -> None:
    """Slots of one task cannot be spread over two nodes: three of four slots is one task a node."""
    floor = Floor.for_load(
        batch_tasks=5, slots_per_task=3, slots_per_node=4, now=NOW, hold=timedelta(minutes=1)
    )
    assert floor.nodes == 5


@pytest.mark.parametrize("slots", [1, 4])
@pytest.mark.parametrize("nodes", [1, 40])
@pytest.mark.parametrize("floor", [None, Floor(0, NOW), Floor(7, NOW)], ids=["plain", "no-floor", "floor"])
def test_the_formula_passes_review(slots, nodes, floor) -> None:
    """A reviewer has nothing to ask: bounded, whole, sparing, and safe without samples."""
    formula = AutoscalePolicy(max_nodes=nodes, slots_per_node=slots).formula(floor)
    assert Review.of(formula, interval=timedelta(minutes=5)).findings == ()
