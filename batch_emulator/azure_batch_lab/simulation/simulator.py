"""Days of work under one formula, in the emulator's own engine under a clock that is turned.

An hour without work comes first, so that a pool is what it is in the middle of a week; what happens in it
is not counted. After the last period the tasks that are left are waited for, but nodes cost nothing any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.samples import LAG
from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import UNLIMITED_TEXT, duration
from azure_batch_emulator.records.jobs import Job
from azure_batch_emulator.records.states import JobState, TaskState
from azure_batch_emulator.service.engine import Engine
from azure_batch_emulator.settings import Settings
from azure_batch_lab.errors import BadInput
from azure_batch_lab.simulation.meter import Meter
from azure_batch_lab.simulation.outcome import Outcome
from azure_batch_lab.simulation.prewarm import Announcer
from azure_batch_lab.simulation.timed_runner import TimedRunner

if TYPE_CHECKING:
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import AutoScale, AutoScaleRun, Pool
    from azure_batch_lab.simulation.prewarm import Prewarm
    from azure_batch_lab.simulation.workload import Arrival, Workload

FIRST_HOUR = datetime(2026, 3, 2, tzinfo=UTC)
"""Midnight before a Monday."""
LEAD = timedelta(hours=1)
PATIENCE = timedelta(days=1)
"""How long tasks that are left at the end are waited for."""
_POOL = "pool"
# A size that may have as many slots as the service allows; how large a node is, its price has to say.
_VM_SIZE = "standard_d64_v5"
_NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a pool is made of."""

    slots: int = 4
    """Tasks that run at once on a node."""
    boot: timedelta = timedelta(minutes=4)
    """From asking for a node to an idle node; the first half is allocation, which costs nothing."""
    interval: timedelta = timedelta(minutes=5)
    """Between two evaluations."""
    evictions_per_hour: float = 0.0
    """How often a Spot node is evicted, on average."""
    sample_lag: timedelta = LAG
    """From taking a sample until formulas see it."""

    def __post_init__(self) -> None:
        if self.boot < _NOTHING or not 0 <= self.evictions_per_hour < 1000:  # noqa: PLR2004 - one in 4 s
            raise BadInput("boot time and evictions are not negative, nor more than 1,000 an hour")


@dataclass(frozen=True, slots=True)
class Policy:
    """A formula under a name, with or without announcements."""

    name: str
    formula: str
    prewarm: Prewarm | None = None


def simulate(policy: Policy, workload: Workload, cluster: Cluster, *, seed: int = 0) -> Outcome:
    """Run a workload under a policy; the same arguments give the same outcome.

    :raises BadInput: if the service would refuse the formula, the interval or the slots
    """
    try:
        return _Simulation(policy, workload, cluster, seed).run()
    except ApiError as error:
        reasons = "; ".join(f"{name}: {value}" for name, value in error.values)
        raise BadInput(f"{policy.name}: {error.message} {reasons}".rstrip()) from None


class _Simulation:
    def __init__(self, policy: Policy, workload: Workload, cluster: Cluster, seed: int) -> None:
        self._policy, self._workload, self._cluster, self._seed = policy, workload, cluster, seed
        self._seconds: dict[str, float] = {}
        self._runner = TimedRunner(self._seconds)
        settings = Settings(
            account="lab",
            key="bGFi",
            data=Path("lab"),  # never made: nothing is stored and no attempt has a folder
            boot=cluster.boot,
            stop_grace=_NOTHING,
            sample_lag=cluster.sample_lag,
            active_job_quota=workload.tasks + 1,
        )
        self._engine = Engine(settings, self._runner, now=FIRST_HOUR - LEAD)
        self._meter = Meter(self._engine, start=FIRST_HOUR, end=FIRST_HOUR + workload.length)
        self._done_after: dict[int, timedelta] = {}
        self._left: dict[int, int] = {}
        self._last_run: AutoScaleRun | None = None
        self._failed_evaluations = 0
        self._done = 0
        self._evictions = 0

    def run(self) -> Outcome:
        engine, workload = self._engine, self._workload
        engine.core.save = self._save
        self._meter.machine_is_up = self._await_eviction
        pool = self._pool = self._make_pool()
        for arrival in workload.arrivals:
            self._left[arrival.round] = self._left.get(arrival.round, 0) + 1
            engine.core.timers.at(FIRST_HOUR + arrival.at, partial(self._submit, arrival))
        announcer = self._announcer(pool)
        engine.settle()
        end = FIRST_HOUR + workload.length
        self._pass(until=end)
        self._pass(until=end + PATIENCE, drained=True)
        self._meter.finish()
        return self._outcome(announcer)

    def _make_pool(self) -> Pool:
        return self._engine.pools.create(
            {
                "id": _POOL,
                "vmSize": _VM_SIZE,
                "taskSlotsPerNode": self._cluster.slots,
                "enableAutoScale": True,
                "autoScaleFormula": self._policy.formula,
                "autoScaleEvaluationInterval": duration(self._cluster.interval),
            }
        )

    def _announcer(self, pool: Pool) -> Announcer | None:
        if self._policy.prewarm is None:
            return None
        announcer = Announcer(self._engine, pool, self._policy.prewarm, plain=self._policy.formula)
        for number in range(self._workload.rounds):
            announcer.plan(FIRST_HOUR + number * self._workload.every)
        return announcer

    def _pass(self, *, until: datetime, drained: bool = False) -> None:
        """Let time pass, moment by moment, as what is started in one moment begins to count in it."""
        engine = self._engine
        while not (drained and not self._left):
            moment = engine.core.timers.next_moment()
            engine.advance(to=until if moment is None else min(moment, until))
            while self._runner.wait():
                engine.advance(to=engine.core.now)
            if moment is None or moment > until:
                return

    def _save(self) -> None:
        for record in self._engine.account.changes.written:
            if isinstance(record, Job) and record.state is JobState.COMPLETED:
                self._engine.core.timers.at(self._engine.core.now, partial(self._over, record))
        self._heed(self._pool.auto_scale)
        self._meter.take()

    def _heed(self, settings: AutoScale | None) -> None:
        run = None if settings is None else settings.run
        if run is not None and run is not self._last_run:
            self._failed_evaluations += run.error is not None
        self._last_run = run

    def _submit(self, arrival: Arrival) -> None:
        engine, job_id = self._engine, f"{arrival.round}-{len(self._seconds)}"
        job = engine.jobs.create({"id": job_id, "poolInfo": {"poolId": _POOL}})
        for seconds in arrival.seconds:
            task_id = f"t{len(self._seconds)}"
            self._seconds[task_id] = seconds
            # Without a retention time nothing is noted for the week to come.
            constraints = {"retentionTime": UNLIMITED_TEXT}
            engine.tasks.add(job, {"id": task_id, "commandLine": "work", "constraints": constraints})
        engine.jobs.patch(job, {"onAllTasksComplete": "terminatejob"})

    def _over(self, job: Job) -> None:
        number = int(job.id.partition("-")[0])
        self._done += len(job.tasks)
        self._engine.jobs.delete(job)
        self._left[number] -= 1
        if not self._left[number]:
            del self._left[number]
            self._done_after[number] = self._engine.core.now - FIRST_HOUR - number * self._workload.every

    def _await_eviction(self, node: Node) -> None:
        rate = self._cluster.evictions_per_hour
        if node.is_dedicated or not rate:
            return
        # By node and machine, so that the luck of one does not depend on what happens to others.
        machine = f"{self._seed} {node.number} {node.allocated.isoformat()}"
        life = timedelta(hours=Random(machine).expovariate(rate))
        self._engine.core.after(life, partial(self._evict, node, node.allocated))

    def _evict(self, node: Node, allocated: datetime) -> None:
        there = self._pool.nodes.get(node.id) is node and node.is_machine
        if there and node.allocated == allocated:
            self._evictions += FIRST_HOUR <= self._engine.core.now <= FIRST_HOUR + self._workload.length
            self._engine.nodes.preempt(self._pool, node, away=self._cluster.boot)

    def _outcome(self, announcer: Announcer | None) -> Outcome:
        meter, workload = self._meter, self._workload
        jobs = self._engine.account.jobs.values()
        done = self._done + sum(job.tasks.count(TaskState.COMPLETED) for job in jobs)
        return Outcome(
            name=self._policy.name,
            tasks=workload.tasks,
            unfinished=workload.tasks - done,
            rerun=self._runner.again,
            dedicated_hours=meter.node_hours(dedicated=True),
            spot_hours=meter.node_hours(dedicated=False),
            busy_slot_hours=meter.busy_slot_hours,
            slots=self._cluster.slots,
            evictions=self._evictions,
            waits=tuple(self._done_after[number] for number in sorted(self._done_after)),
            late_rounds=len(self._left),
            failed_evaluations=self._failed_evaluations,
            refused_announcements=announcer.refused if announcer else 0,
            snapshots=tuple(meter.snapshots),
        )
