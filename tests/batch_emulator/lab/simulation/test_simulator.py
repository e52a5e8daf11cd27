"""Simulated days under a formula: invariants of every policy, and effects of particular ones."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from azure_batch_lab.errors import BadInput
from azure_batch_lab.simulation.outcome import Prices
from azure_batch_lab.simulation.prewarm import Prewarm
from azure_batch_lab.simulation.workload import Workload

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("dedicated", "spot"), [(3, 0), (0, 2), (5, 4)])
def test_a_fixed_pool_costs_its_nodes_times_the_hours(days, dedicated, spot) -> None:
    """Every node counts from the first minute to the last, busy or idle."""
    text = f"$TargetDedicatedNodes = {dedicated}; $TargetLowPriorityNodes = {spot};"
    outcome = days.under(text)
    assert outcome.dedicated_hours == pytest.approx(dedicated * 3)
    assert outcome.spot_hours == pytest.approx(spot * 3)
    assert outcome.cost(Prices(0.1, 0.02)) == pytest.approx(3 * (0.1 * dedicated + 0.02 * spot))


def test_slots_are_busy_as_long_as_the_tasks_take(days) -> None:
    """Busy time equals the tasks' time, and the rest of the paid time was idle."""
    workload = days.of()
    outcome = days.under("$TargetDedicatedNodes = 3;", workload=workload)
    worked = sum(math.fsum(arrival.seconds) for arrival in workload.arrivals) / 3600
    assert outcome.busy_slot_hours == pytest.approx(worked)
    assert outcome.idle_share == pytest.approx(1 - worked / (9 * 4))


def test_all_tasks_are_done_once_when_nothing_goes_wrong(days) -> None:
    """No task is lost, and none runs twice."""
    outcome = days.under()
    assert (outcome.tasks, outcome.unfinished, outcome.rerun, outcome.evictions) == (60, 0, 0, 0)
    assert len(outcome.waits) == 3


def test_the_seed_decides_everything(days) -> None:
    """A seed always gives the same figures, and another seed others."""
    wild = {"evictions_per_hour": 3.0, "formula": "$TargetLowPriorityNodes = 4;"}
    first, again = (days.under(workload=days.of(seed=1), seed=1, **wild) for _ in range(2))
    assert first == again
    other = days.under(workload=days.of(seed=2), seed=2, **wild)
    assert (other.waits, other.evictions) != (first.waits, first.evictions)


def test_a_pool_that_follows_its_queue_is_cheap_and_slow(days) -> None:
    """From zero nodes it pays for part of the hour, but tasks wait for samples, evaluation and boot."""
    reactive, fixed = days.under(), days.under("$TargetDedicatedNodes = 5;")
    assert reactive.node_hours < fixed.node_hours / 2
    assert reactive.mean_wait > fixed.mean_wait + timedelta(minutes=4)
    assert reactive.idle_share < fixed.idle_share


def test_one_task_takes_lag_evaluation_boot_and_its_own_time(days) -> None:
    """It comes at minute 2, shows in samples at 3, is seen by the evaluation at 5, and has a node at 9."""
    outcome = days.under(workload=days.of(1, duration="60s"))
    assert outcome.waits == (timedelta(minutes=10),) * 3


def test_announced_nodes_are_there_when_the_tasks_come(days) -> None:
    """A floor sent ten minutes early saves lag, evaluation and boot, and costs idle time."""
    plain = days.under(workload=days.of(1, duration="60s"))
    announced = days.under(workload=days.of(1, duration="60s"), prewarm=Prewarm(2, timedelta(minutes=-10)))
    assert announced.waits == (timedelta(minutes=3),) * 3
    assert announced.node_hours > plain.node_hours


def test_an_announcement_waits_for_a_pool_that_is_resizing(days) -> None:
    """The service refuses a formula meanwhile, so it is sent again until it is accepted."""
    # At minute 5 the pool begins to grow; its nodes are allocated two minutes later.
    announced = days.under(prewarm=Prewarm(8, timedelta(minutes=6)))
    assert announced.refused_announcements > 0
    assert announced.unfinished == 0
    assert max(shot.dedicated for shot in announced.snapshots) == 8


def test_evicted_nodes_cost_nothing_and_their_tasks_run_again(days) -> None:
    """Evicted Spot nodes are not paid for, and no task is lost with them."""
    outcome = days.under(
        "$TargetLowPriorityNodes = 4;",
        workload=days.of(200, duration="lognormal(60s, 0.4)"),
        evictions_per_hour=4.0,
    )
    assert outcome.evictions > 0
    assert outcome.rerun > 0
    assert outcome.unfinished == 0
    assert outcome.spot_hours < 12


def test_nodes_that_go_without_waiting_kill_what_runs(days) -> None:
    """Requeued tasks start over: the default deallocation option costs work that taskcompletion keeps."""
    text = "$TargetDedicatedNodes = time().minute >= 10 && time().minute < 20 ? 0 : 4;"
    workload = days.of(16, duration="10m")
    killing = days.under(text, workload=workload)
    sparing = days.under(text + "$NodeDeallocationOption = taskcompletion;", workload=workload)
    assert killing.rerun > 0
    assert sparing.rerun == 0
    assert sparing.mean_wait < killing.mean_wait


def test_tasks_that_never_get_a_node_are_said_to_be_not_done(days) -> None:
    """A pool of zero nodes is given up after a day, with nothing paid and nothing done."""
    outcome = days.under("$TargetDedicatedNodes = 0;")
    assert (outcome.unfinished, outcome.late_rounds, outcome.waits) == (60, 3, ())
    assert (outcome.node_hours, outcome.idle_share, outcome.mean_wait) == (0, 0, None)


def test_evaluations_that_fail_are_counted(days) -> None:
    """A formula that demands more samples than are visible never resizes the pool."""
    outcome = days.under("$TargetDedicatedNodes = avg($PendingTasks.GetSample(TimeInterval_Minute * 5, 95));")
    assert outcome.failed_evaluations > 3 * 12
    assert outcome.unfinished == 60


def test_snapshots_show_the_pool_at_every_sample(days) -> None:
    """Size, waiting and running tasks are recorded every half minute."""
    outcome = days.under("$TargetDedicatedNodes = 1;", workload=days.of(9, duration="5m"))
    shot = next(one for one in outcome.snapshots if one.hours == pytest.approx(3 / 60))
    assert (shot.dedicated, shot.spot, shot.usable, shot.waiting, shot.running) == (1, 0, 1, 5, 4)
    assert len(outcome.snapshots) == 3 * 120 + 1


@pytest.mark.parametrize(
    ("formula", "cluster", "sentence"),
    [
        pytest.param("$TargetDedicatedNodes = ;", {}, "a value is expected", id="syntax"),
        pytest.param("$TargetDedicatedNodes = 1;", {"slots": 0}, "taskSlotsPerNode", id="slots"),
        pytest.param(
            "$TargetDedicatedNodes = 1;", {"interval": timedelta(minutes=1)}, "Interval", id="interval"
        ),
    ],
)
def test_what_the_service_refuses_is_refused(days, formula, cluster, sentence) -> None:
    """The lab simulates only what the service would accept."""
    with pytest.raises(BadInput, match=sentence):
        days.under(formula, **cluster)


def test_hours_without_tasks_have_no_wait(days) -> None:
    """Tasks may come in some hours only, in several waves."""
    document = """{"length": "4h", "arrivals": [
        {"tasks": 4, "at": "1m", "duration": "60s", "hours": [1, 3]},
        {"tasks": 4, "at": "20m", "duration": "60s", "hours": [3]}]}"""
    outcome = days.under("$TargetDedicatedNodes = 1;", workload=Workload.parse(document, seed=0))
    assert outcome.waits == (timedelta(minutes=2), timedelta(minutes=21))
    assert outcome.tasks == 12


@pytest.mark.parametrize("an_hour", [100, pytest.param(1_000, marks=pytest.mark.nightly)])
def test_a_day_of_many_tasks_an_hour_is_simulated_whole(days, an_hour: int) -> None:
    """No task is lost or left waiting."""
    workload = days.of(an_hour, hours=24, duration="lognormal(120s, 0.4)")
    most = an_hour // 25
    outcome = days.under(days.reactive.replace("min(8", f"min({most}"), workload=workload)
    assert (outcome.tasks, outcome.unfinished) == (24 * an_hour, 0)
