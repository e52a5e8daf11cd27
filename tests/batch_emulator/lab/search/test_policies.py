"""Families of policies: their formulas, the grid of their members, the Pareto front of results."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure_batch_emulator.autoscale import Formula, SampleSeries, Surroundings
from azure_batch_lab.errors import BadInput
from azure_batch_lab.search.grid import Point, grid
from azure_batch_lab.search.pareto_front import Trial, pareto_front
from azure_batch_lab.search.policies import FAMILIES, Split
from azure_batch_lab.simulation.outcome import Outcome
from azure_batch_lab.simulation.simulator import Cluster, Policy

HOUR = datetime(2026, 3, 4, 10, tzinfo=UTC)


def nodes(family: str, pending: float, *, minute: int = 30, **numbers: int) -> tuple[int, int]:
    """Evaluate a member at a minute of the hour, after ten minutes of constant load."""
    now = HOUR + timedelta(minutes=minute)
    moments = (now - timedelta(seconds=30 * back) for back in range(20, -1, -1))
    samples = {"$PendingTasks": SampleSeries((moment, pending) for moment in moments)}
    formula = FAMILIES[family].formula(FAMILIES[family].settled(numbers))
    evaluation = Formula.parse(formula).evaluate(Surroundings(now=now, samples=samples))
    return evaluation.target_dedicated, evaluation.target_low_priority


@pytest.mark.parametrize(
    ("pending", "numbers", "wanted"),
    [
        (0, {}, (0, 0)),
        (1, {}, (1, 0)),
        (16, {}, (4, 0)),
        (17, {}, (5, 0)),
        (1000, {}, (8, 0)),
        (0, {"min": 2}, (2, 0)),
        (16, {"spot": 100}, (0, 4)),
        (1, {"spot": 100}, (0, 1)),
        (16, {"spot": 50}, (2, 2)),
        (1, {"spot": 50}, (1, 0)),
        (1000, {"spot": 25}, (6, 2)),
        (16, {"slots": 1}, (8, 0)),
    ],
)
def test_reactive_follows_the_queue_between_its_bounds(pending, numbers, wanted) -> None:
    """Tasks divided by slots, rounded up, and split between both kinds of nodes."""
    assert nodes("reactive", pending, **numbers) == wanted


@pytest.mark.parametrize(("minute", "wanted"), [(44, 0), (45, 6), (59, 6), (0, 6), (9, 6), (10, 0), (30, 0)])
def test_keep_warm_holds_nodes_around_the_hour(minute, wanted) -> None:
    """From the given number of minutes before it until ten after it."""
    assert nodes("keep-warm", 0, minute=minute, warm=6, keep_warm=15) == (wanted, 0)
    assert nodes("keep-warm", 0, minute=minute, warm=6, keep_warm=60) == (6, 0)
    assert nodes("keep-warm", 0, minute=minute, warm=6, keep_warm=0) == (0, 0)


def test_fixed_is_fixed() -> None:
    """Whatever the queue."""
    assert nodes("fixed", 0, nodes=3, spot=50) == nodes("fixed", 999, nodes=3, spot=50) == (2, 1)


@given(st.integers(0, 1000), st.integers(0, 100))
def test_a_split_loses_no_node(total: int, percent: int) -> None:
    """Both kinds add up to all nodes, and the share of Spot is right to half a node."""
    split = Split.of(total, percent)
    assert split.dedicated + split.spot == total
    assert abs(split.spot - total * percent / 100) <= 0.5


def test_members_with_the_same_formula_and_nodes_are_simulated_once() -> None:
    """Keep-warm with 0 minutes is reactive, and a fixed pool ignores other parameters."""
    points = grid(["reactive", "keep-warm"], {"keep_warm": [0, 15], "max": [4, 8]}, Cluster())
    assert [point.policy.name for point in points] == [
        "reactive max=4",
        "reactive max=8",
        "keep-warm keep_warm=15 max=4",
        "keep-warm keep_warm=15 max=8",
    ]


def test_a_grid_varies_the_nodes_themselves() -> None:
    """Slots per node are part of the grid too."""
    points = grid(["fixed"], {"slots": [1, 2]}, Cluster(slots=9))
    assert [point.cluster.slots for point in points] == [1, 2]
    assert grid(["fixed"], {}, Cluster(slots=9))[0].cluster.slots == 9


def test_members_that_contradict_themselves_are_left_out() -> None:
    """A minimum above the maximum is not a policy."""
    points = grid(["reactive"], {"min": [0, 5], "max": [4]}, Cluster())
    assert [point.policy.name for point in points] == ["reactive min=0 max=4"]


@pytest.mark.parametrize(
    ("families", "variations"),
    [
        (["other"], {}),
        (["fixed"], {"max": [1]}),
        (["reactive"], {"slots": [0]}),
        (["fixed"], {"nodes": [-1]}),
    ],
)
def test_a_grid_of_nonsense_is_refused(families, variations) -> None:
    """Before anything is simulated."""
    with pytest.raises(BadInput):
        grid(families, variations, Cluster())


def a_trial(name: str, cost: float, minutes: float, *, unfinished: int = 0) -> Trial:
    """Make the result of a policy."""
    outcome = Outcome(
        name=name,
        tasks=1,
        unfinished=unfinished,
        rerun=0,
        dedicated_hours=1.0,
        spot_hours=0.0,
        busy_slot_hours=0.5,
        slots=1,
        evictions=0,
        waits=(timedelta(minutes=minutes),),
        late_rounds=0,
        failed_evaluations=0,
        refused_announcements=0,
        snapshots=(),
    )
    return Trial(Point("fixed", (), Policy(name, ""), Cluster()), outcome, cost, timedelta(hours=1))


def test_the_front_holds_what_no_other_beats() -> None:
    """Dominated policies are out, hardly faster ones too, and those that do not keep up."""
    trials = [
        a_trial("cheap", 1, 30),
        a_trial("same price, slower", 1, 40),
        a_trial("dearer, slower", 2, 31),
        a_trial("quick", 3, 10),
        a_trial("hardly quicker", 9, 9.9),
        a_trial("never done", 0, 1, unfinished=1),
        a_trial("falls behind", 0, 61),
    ]
    assert [trial.point.policy.name for trial in pareto_front(trials)] == ["cheap", "quick"]


def test_the_slow_hours_are_the_nearest_rank() -> None:
    """Of twenty hours, 95 % are done when the nineteenth is."""
    trial = a_trial("any", 1, 1)
    waits = tuple(timedelta(minutes=minutes) for minutes in range(20, 0, -1))
    outcome = Outcome(
        **{
            **{name: getattr(trial.outcome, name) for name in trial.outcome.__slots__},
            "waits": waits,
        }
    )
    assert outcome.p95_wait == timedelta(minutes=19)
    assert outcome.mean_wait == timedelta(minutes=10, seconds=30)
