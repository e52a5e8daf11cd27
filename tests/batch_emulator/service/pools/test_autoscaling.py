"""Formulas on pools: checked, evaluated at intervals, and tried without effect."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.batch_emulator.bench import present

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.batch_emulator.bench import Bench

FOLLOW_THE_LOAD = """
load = max(0, $PendingTasks.GetSample(1));
$TargetDedicatedNodes = min(5, load);
$NodeDeallocationOption = taskcompletion;
"""


def scaled(bench: Bench, formula: str, *, minutes: float = 5) -> None:
    """Make a pool with a formula."""
    interval = timedelta(minutes=minutes)
    bench.pool(
        nodes=None,
        enable_auto_scale=True,
        auto_scale_formula=formula,
        auto_scale_evaluation_interval=interval,
    )


def enable(bench: Bench, formula: str, **options: Any) -> None:
    """Give a pool another formula."""
    bench.client.enable_pool_auto_scale(
        "pool", bench.models.BatchPoolEnableAutoScaleOptions(auto_scale_formula=formula, **options)
    )


def test_formula_is_evaluated_at_creation(bench: Bench) -> None:
    """The first evaluation happens at creation, and its result is stored."""
    scaled(bench, "$TargetDedicatedNodes = 2;")
    pool = bench.client.get_pool("pool")
    assert (pool.enable_auto_scale, pool.target_dedicated_nodes, len(bench.nodes())) == (True, 2, 2)
    results = present(bench.autoscale_run().results)
    assert results.startswith("$TargetDedicatedNodes=2;$TargetLowPriorityNodes=0;")
    assert pool.auto_scale_evaluation_interval == timedelta(minutes=5)


def test_pool_follows_its_load_on_the_interval(bench: Bench) -> None:
    """Waiting tasks appear in samples, and the next evaluation requests nodes for them."""
    scaled(bench, FOLLOW_THE_LOAD)
    bench.job()
    for number in range(3):
        bench.task(task_id=f"t{number}")
    assert bench.client.get_pool("pool").target_dedicated_nodes == 0
    bench.advance(minutes=5)
    assert bench.client.get_pool("pool").target_dedicated_nodes == 3
    for number in range(3):
        bench.ended(f"t{number}")
    bench.advance(minutes=5)
    assert bench.client.get_pool("pool").target_dedicated_nodes == 0
    bench.until(lambda: bench.nodes() == [])


def test_syntax_error_is_a_400_that_points(bench: Bench, refusal: Callable[..., Any]) -> None:
    """An invalid formula creates no pool, and the error shows where it is wrong."""
    error = refusal(
        lambda: scaled(bench, "$TargetDedicatedNodes = (1 + ;"),
        status=400,
        code="AutoScalingFormulaSyntaxError",
    )
    message = error.model["values"][0]["value"]
    assert "Line 1" in message
    assert "Col" in message
    assert list(bench.client.list_pools()) == []


def test_formula_that_is_too_long_is_refused_as_such(bench: Bench, refusal: Callable[..., Any]) -> None:
    """A formula over eight kilobytes has an error code of its own."""
    text = "$TargetDedicatedNodes = 1;" + " " * 8192
    refusal(lambda: scaled(bench, text), status=400, code="AutoScalingFormulaTooLong")


def test_failing_evaluation_keeps_the_size_and_is_stored(bench: Bench) -> None:
    """Missing samples leave the pool as it is, and the run says why."""
    scaled(bench, "$TargetDedicatedNodes = avg($PendingTasks.GetSample(10 * TimeInterval_Minute, 95));")
    pool = bench.client.get_pool("pool")
    assert pool.target_dedicated_nodes == 0
    assert present(bench.autoscale_run().error).code == "InsufficientSampleData"


def test_trial_does_not_touch_the_pool(bench: Bench) -> None:
    """Evaluating a formula returns its results and changes nothing."""
    scaled(bench, "$TargetDedicatedNodes = 1;")
    before = bench.client.get_pool("pool").etag
    trial = bench.models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula="$TargetDedicatedNodes = 9;")
    run = bench.client.evaluate_pool_auto_scale("pool", trial)
    assert "$TargetDedicatedNodes=9" in present(run.results)
    pool = bench.client.get_pool("pool")
    assert (pool.target_dedicated_nodes, pool.etag) == (1, before)


def test_trial_needs_autoscale(bench: Bench, refusal: Callable[..., Any]) -> None:
    """A fixed-size pool does not evaluate formulas, and an autoscaled one is not resized by hand."""
    bench.pool()
    trial = bench.models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula="$TargetDedicatedNodes = 9;")
    refusal(
        lambda: bench.client.evaluate_pool_auto_scale("pool", trial),
        status=409,
        code="OperationNotValidOnPool",
    )
    enable(bench, "$TargetDedicatedNodes = 1;")
    refusal(
        lambda: bench.resize(2),
        status=409,
        code="OperationNotValidOnPool",
    )


def test_enabling_twice_in_a_row_is_throttled(bench: Bench, refusal: Callable[..., Any]) -> None:
    """A second enable within 30 s gives 503 with a retry time; later it is accepted."""
    bench.pool()
    enable(bench, "$TargetDedicatedNodes = 1;")
    error = refusal(
        lambda: enable(bench, "$TargetDedicatedNodes = 2;"),
        status=503,
        code="TooManyEnableAutoScaleRequests",
    )
    assert 25 <= int(error.response.headers["Retry-After"]) <= 31
    bench.advance(seconds=30)
    enable(bench, "$TargetDedicatedNodes = 2;")
    assert bench.client.get_pool("pool").target_dedicated_nodes == 2


def test_enable_keeps_the_interval_it_is_not_given(bench: Bench) -> None:
    """Leaving formula or interval out keeps the old one."""
    scaled(bench, "$TargetDedicatedNodes = 1;", minutes=7)
    bench.advance(minutes=1)
    enable(bench, "$TargetDedicatedNodes = 2;")
    pool = bench.client.get_pool("pool")
    assert pool.auto_scale_evaluation_interval == timedelta(minutes=7)
    assert pool.auto_scale_formula == "$TargetDedicatedNodes = 2;"


def test_enable_is_refused_while_resizing(
    bench_of: Callable[..., Bench], refusal: Callable[..., Any]
) -> None:
    """Autoscale cannot be enabled while nodes are being allocated."""
    bench = bench_of(boot=timedelta(minutes=2))
    bench.pool()
    refusal(lambda: enable(bench, "$TargetDedicatedNodes = 1;"), status=409, code="PoolBeingResized")


@pytest.mark.parametrize("minutes", [4.9, 168 * 60 + 1])
def test_interval_has_bounds(bench: Bench, refusal: Callable[..., Any], minutes: float) -> None:
    """Five minutes to a week, unless the emulator is configured otherwise."""
    refusal(
        lambda: scaled(bench, "$TargetDedicatedNodes = 1;", minutes=minutes),
        status=400,
        code="InvalidPropertyValue",
    )


def test_short_intervals_can_be_allowed(bench_of: Callable[..., Bench]) -> None:
    """A laptop need not wait five minutes."""
    bench = bench_of(allow_short_intervals=True, sample_period=timedelta(seconds=1), sample_lag=timedelta())
    scaled(bench, FOLLOW_THE_LOAD, minutes=0.1)
    bench.job()
    bench.task()
    bench.advance(seconds=6)
    bench.ended()


def test_a_sample_that_is_seen_at_once_is_seen_by_the_evaluation_of_its_moment(bench_of) -> None:
    """Without a lag the last minute always has two samples, whenever the evaluation runs."""
    bench = bench_of(sample_lag=timedelta())
    scaled(bench, "p = $PendingTasks.GetSamplePercent(TimeInterval_Minute); $TargetDedicatedNodes = 0;")
    bench.advance(minutes=5)
    assert bench.client.get_pool("pool").auto_scale_run.results.endswith(";p=100")


def test_disabled_autoscale_keeps_the_size(bench: Bench) -> None:
    """Turning autoscale off ends the evaluations and keeps the nodes."""
    scaled(bench, "$TargetDedicatedNodes = $CurrentDedicatedNodes + 1;")
    bench.client.disable_pool_auto_scale("pool")
    bench.advance(hours=1)
    pool = bench.client.get_pool("pool")
    assert (pool.enable_auto_scale, pool.current_dedicated_nodes) == (False, 1)
