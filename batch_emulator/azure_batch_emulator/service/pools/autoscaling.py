"""Formulas: checked when given, evaluated then and on the interval; samples taken all the time."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale import EvaluationError, Formula, FormulaSyntaxError, Surroundings
from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import parse_duration
from azure_batch_emulator.records.pools import AutoScale, AutoScaleRun, ResizeError, Targets
from azure_batch_emulator.records.samples import Sample, Samples
from azure_batch_emulator.records.states import AllocationState, JobState, NodeState, PoolState, TaskState
from azure_batch_emulator.service.pools.rules import check_not_deleting, check_steady

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.service.core import EngineCore
    from azure_batch_emulator.service.faults.faults import Faults
    from azure_batch_emulator.service.pools.allocation import Allocation

DEFAULT_INTERVAL = timedelta(minutes=15)
SHORTEST_INTERVAL = timedelta(minutes=5)
LONGEST_INTERVAL = timedelta(hours=168)
_USABLE = frozenset({NodeState.IDLE, NodeState.RUNNING})


class Autoscaling:
    """Keeps pools with a formula at the size the formula wants."""

    def __init__(self, core: EngineCore, faults: Faults, allocation: Allocation) -> None:
        self._core = core
        self._faults = faults
        self._allocation = allocation

    def prepare(self, *, text: str | None, interval: str | None, previous: AutoScale | None) -> AutoScale:
        """Check a formula and an interval; what is missing is taken from the settings before.

        :raises ApiError: if the formula cannot be read or the interval is out of bounds
        """
        if text is None and previous is None:
            raise ApiError.bad_property("autoScaleFormula", None, "needed, as autoscale is not enabled")
        wanted = previous.text if text is None and previous is not None else str(text)
        span = previous.interval if previous is not None else DEFAULT_INTERVAL
        if interval is not None:
            span = self._interval(interval)
        return AutoScale(wanted, parse(wanted), span, self._core.now)

    def watch(self, pool: Pool) -> None:
        """Begin to sample a new pool, and to scale it if it has a formula."""
        settings = self._core.settings
        pool.samples = Samples(period=settings.sample_period, lag=settings.sample_lag)
        self._sample(pool)
        if pool.auto_scale is not None:
            self._evaluate_and_repeat(pool, pool.auto_scale)

    def resume(self, pool: Pool) -> None:
        """Go on sampling and scaling a pool that was kept, as if there had been no pause."""
        core, settings = self._core, pool.auto_scale
        if pool.samples is not None and pool.samples.newest is not None:
            moment = pool.samples.newest + core.settings.sample_period
            core.timers.at(moment, partial(self._sample, pool))
        if settings is not None:
            last = settings.enabled_at if settings.run is None else settings.run.at
            action = partial(self._evaluate_and_repeat, pool, settings)
            core.timers.at(last + settings.interval, action)

    def enable(self, pool: Pool, body: Mapping[str, Any]) -> None:
        """Turn autoscale on, or give it another formula or interval; the schedule starts anew.

        :raises ApiError: while resizing, too soon after the last time, or for a bad formula or interval
        """
        pool.auto_scale = self.check_enable(pool, body)
        pool.last_enable = self._core.now
        pool.resize_timeout = None
        self._core.touch(pool)
        self._evaluate_and_repeat(pool, pool.auto_scale)

    def check_enable(self, pool: Pool, body: Mapping[str, Any]) -> AutoScale:
        """Make the settings that autoscale would be turned on with.

        :raises ApiError: while resizing, too soon after the last time, or for a bad formula or interval
        """
        check_not_deleting(pool)
        check_steady(pool)
        self._check_pace(pool)
        return self.prepare(
            text=body.get("autoScaleFormula"),
            interval=body.get("autoScaleEvaluationInterval"),
            previous=pool.auto_scale,
        )

    def disable(self, pool: Pool) -> None:
        """Turn autoscale off; the pool keeps its size."""
        check_not_deleting(pool)
        pool.auto_scale = None
        self._core.touch(pool)

    def try_out(self, pool: Pool, text: str) -> AutoScaleRun:
        """Evaluate a formula without touching the pool.

        :raises ApiError: if the pool does not scale automatically, or the formula cannot be read
        """
        check_not_deleting(pool)
        if pool.auto_scale is None:
            message = "Automatic scaling is not enabled on the specified pool."
            raise ApiError.conflict("OperationNotValidOnPool", message)
        return self._evaluate(pool, parse(text))[0]

    def _evaluate_and_repeat(self, pool: Pool, settings: AutoScale, *, has_waited: bool = False) -> None:
        # Other settings in force mean another schedule: this one ends.
        if pool.auto_scale is not settings or pool.state is PoolState.DELETING:
            return
        if not has_waited and self._is_about_to_see(pool):
            again = partial(self._evaluate_and_repeat, pool, settings, has_waited=True)
            self._core.timers.at(self._core.now, again)
            return
        error = self._faults.evaluation_error(pool)
        if error is None:
            settings.run, wanted, option = self._evaluate(pool, settings.formula)
        else:
            settings.run, wanted, option = AutoScaleRun(self._core.now, error=error), None, "requeue"
        self._core.account.changes.note(pool)
        if wanted is not None and self._differs(pool, wanted):
            self._allocation.retarget(pool, wanted, option=option)
        self._core.after(settings.interval, partial(self._evaluate_and_repeat, pool, settings))

    def _is_about_to_see(self, pool: Pool) -> bool:
        """Tell whether a sample is due at this very moment that can be seen at once."""
        settings, samples = self._core.settings, pool.samples
        if settings.sample_lag or samples is None or samples.newest is None:
            return False
        return samples.newest + settings.sample_period == self._core.now

    @staticmethod
    def _differs(pool: Pool, wanted: Targets) -> bool:
        short = pool.allocation is AllocationState.STEADY and any(
            len(pool.staying(dedicated=kind)) != wanted.of(dedicated=kind) for kind in (True, False)
        )
        return pool.targets != wanted or short

    def _evaluate(self, pool: Pool, formula: Formula) -> tuple[AutoScaleRun, Targets | None, str]:
        now = self._core.now
        surroundings = Surroundings(
            now=now,
            samples={} if pool.samples is None else pool.samples.series,
            numbers=_numbers(pool),
            target_dedicated=pool.targets.dedicated,
            target_low_priority=pool.targets.low_priority,
            deallocation_option="requeue",
        )
        try:
            evaluation = formula.evaluate(surroundings)
        except EvaluationError as problem:
            error = ResizeError(problem.code, problem.message, tuple(problem.values))
            return AutoScaleRun(now, error=error), None, "requeue"
        wanted = Targets(max(0, evaluation.target_dedicated), max(0, evaluation.target_low_priority))
        return AutoScaleRun(now, results=evaluation.results), wanted, evaluation.deallocation_option

    def _check_pace(self, pool: Pool) -> None:
        last, pause = pool.last_enable, self._core.settings.enable_interval
        if last is None or last + pause <= self._core.now:
            return
        wait = (last + pause - self._core.now).total_seconds()
        message = "Autoscale of one pool can be enabled only once in a while."
        retry_after = str(max(1, round(wait + 0.5)))
        raise ApiError(
            503, "TooManyEnableAutoScaleRequests", message, headers=(("Retry-After", retry_after),)
        )

    def _interval(self, text: str) -> timedelta:
        span = parse_duration(text)
        shortest = SHORTEST_INTERVAL
        if self._core.settings.allow_short_intervals:
            shortest = timedelta(seconds=1)
        if not shortest <= span <= LONGEST_INTERVAL:
            reason = "5 minutes to 168 hours (the emulator's --allow-short-intervals lifts the lower bound)"
            raise ApiError.bad_property("autoScaleEvaluationInterval", text, reason)
        return span

    def _sample(self, pool: Pool) -> None:
        if pool.samples is None or self._core.account.pools.get(pool.key) is not pool:
            return
        sample = Sample(pool.number, self._core.now, _measure(pool, self._core.account.jobs_of(pool)))
        pool.samples.take(sample)
        self._core.account.changes.note(sample)
        self._core.after(self._core.settings.sample_period, partial(self._sample, pool))


def parse(text: str) -> Formula:
    """Read a formula.

    :raises ApiError: with line and column if it cannot be read, or if it is too long
    """
    try:
        return Formula.parse(text)
    except FormulaSyntaxError as problem:
        raise ApiError(400, problem.code, str(problem), values=tuple(problem.values)) from None


def _numbers(pool: Pool) -> Mapping[str, float]:
    return {
        "$CurrentDedicatedNodes": float(pool.count(dedicated=True)),
        "$CurrentLowPriorityNodes": float(pool.count(dedicated=False)),
        "$TaskSlotsPerNode": float(pool.slots_per_node),
    }


def _measure(pool: Pool, jobs: list[Job]) -> dict[str, float]:
    active = sum(len(job.tasks.ready) for job in jobs if job.state is JobState.ACTIVE)
    running = sum(job.busy for job in jobs)
    failed = sum(job.tasks.failed for job in jobs)
    completed = sum(job.tasks.count(TaskState.COMPLETED) for job in jobs)
    usable = sum(node.state in _USABLE for node in pool.nodes.values())
    return {
        "$ActiveTasks": float(active),
        "$RunningTasks": float(running),
        "$PendingTasks": float(active + running),
        "$SucceededTasks": float(completed - failed),
        "$FailedTasks": float(failed),
        "$CurrentDedicatedNodes": float(pool.count(dedicated=True)),
        "$CurrentLowPriorityNodes": float(pool.count(dedicated=False)),
        "$PreemptedNodeCount": float(sum(node.state is NodeState.PREEMPTED for node in pool.nodes.values())),
        "$UsableNodeCount": float(usable),
        "$SampleNodeCount": float(usable),
    }
