"""Simulates a day of hourly runs in the emulator, with a manual clock and the product's own hook."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from azure_batch_emulator.clock import ManualClock
from azure_batch_emulator.records.states import NodeState, TaskState
from azure_batch_emulator.server import EmulatorServer
from azure_batch_lab.simulation.meter import Snapshot
from azure_batch_lab.simulation.outcome import Outcome
from azure_batch_lab.simulation.timed_runner import TimedRunner
from scoring_contract.hour import RunHour
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.hook import ScoringBatchHook
from sensor_scoring.azure_batch.task import BatchTaskTemplate, Grants, Names
from sensor_scoring.hourly.planning.capacity import pool_spec, prepare_pool, release_pool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure_batch_emulator.service.engine import Engine
    from azure_batch_lab.simulation.durations import Durations
    from sensor_scoring.settings import Settings

CONN = "batch_of_a_simulated_day"
START = datetime(2026, 3, 2, tzinfo=UTC)
HOURS = 24
STEP = timedelta(seconds=30)
BOOT = timedelta(minutes=4)
OPENS_AT = timedelta(minutes=6)
_FREE_OF_CHARGE = frozenset({NodeState.CREATING, NodeState.PREEMPTED, NodeState.UNKNOWN})
_COMMAND = BatchTaskTemplate(command=["/bin/true"], image="sensor-scoring:latest")


class _Drawn(defaultdict[str, float]):
    """Durations of tasks, drawn at random on first use; they depend on the task's id only."""

    def __init__(self, durations: Durations) -> None:
        super().__init__()
        self._durations = durations

    def __missing__(self, task_id: str) -> float:
        self[task_id] = seconds = self._durations.draw(Random(task_id))
        return seconds


@dataclass(slots=True)
class Day:
    """A day under one autoscale policy.

    :param tasks: Batch tasks per hour
    """

    settings: Settings
    tasks: int
    durations: Durations
    _snapshots: list[Snapshot] = field(default_factory=list)
    _node_hours: dict[bool, float] = field(default_factory=lambda: {True: 0.0, False: 0.0})
    _busy_slot_hours: float = 0.0
    _waits: list[timedelta] = field(default_factory=list)

    def run(self, name: str, folder: Path) -> Outcome:
        """Simulate the day."""
        runner = drawing(self.durations)
        with batch_account(runner, folder) as (emulator, hook):
            for number in range(HOURS):
                self._hour(emulator, hook, START + timedelta(hours=number))
        return self._outcome(name, runner)

    def _hour(self, emulator: EmulatorServer, hook: ScoringBatchHook, start: datetime) -> None:
        spec = pool_spec(self.settings)
        if self.settings.autoscale.prewarm_minutes:
            self._until(
                emulator, start + OPENS_AT - timedelta(minutes=self.settings.autoscale.prewarm_minutes)
            )
            prepare_pool(hook, spec, self.settings, batch_tasks=self.tasks)
        self._until(emulator, start + OPENS_AT)
        prepare_pool(hook, spec, self.settings, batch_tasks=self.tasks)
        job = submit_hour(hook, start, pool=spec.pool_id, tasks=self.tasks)
        while emulator.call(lambda engine: is_busy(engine, job)):
            self._step(emulator)
        self._waits.append(emulator.clock.now() - start)
        hook.jobs.close(base_of(start))
        release_pool(hook, spec, base=base_of(start))
        self._until(emulator, start + timedelta(hours=1))

    def _until(self, emulator: EmulatorServer, moment: datetime) -> None:
        while emulator.clock.now() < moment:
            self._step(emulator)

    def _step(self, emulator: EmulatorServer) -> None:
        emulator.advance(STEP)
        shot, charged = emulator.call(self._look)
        hours = STEP / timedelta(hours=1)
        for is_dedicated, nodes in charged.items():
            self._node_hours[is_dedicated] += nodes * hours
        self._busy_slot_hours += shot.running * hours
        self._snapshots.append(shot)

    def _look(self, engine: Engine) -> tuple[Snapshot, dict[bool, int]]:
        nodes = [node for pool in engine.account.pools.values() for node in pool.nodes.values()]
        there = [node for node in nodes if node.state not in _FREE_OF_CHARGE]
        jobs = [job.tasks for job in engine.account.jobs.values()]
        shot = Snapshot(
            (engine.core.now - START) / timedelta(hours=1),
            sum(node.is_dedicated for node in there),
            sum(not node.is_dedicated for node in there),
            sum(node.state in {NodeState.IDLE, NodeState.RUNNING} for node in there),
            sum(tasks.count(TaskState.ACTIVE) for tasks in jobs),
            sum(tasks.count(TaskState.RUNNING) for tasks in jobs),
        )
        return shot, {kind: sum(node.is_dedicated is kind for node in there) for kind in (True, False)}

    def _outcome(self, name: str, runner: TimedRunner) -> Outcome:
        return Outcome(
            name=name,
            tasks=self.tasks * HOURS,
            unfinished=0,
            rerun=runner.again,
            dedicated_hours=self._node_hours[True],
            spot_hours=self._node_hours[False],
            busy_slot_hours=self._busy_slot_hours,
            slots=self.settings.pool.slots_per_node,
            evictions=0,
            waits=tuple(self._waits),
            late_rounds=0,
            failed_evaluations=0,
            refused_announcements=0,
            snapshots=tuple(self._snapshots),
        )


@contextmanager
def batch_account(runner: TimedRunner, folder: Path) -> Iterator[tuple[EmulatorServer, ScoringBatchHook]]:
    """Run an emulator with a manual clock; yield it with the product's hook."""
    with EmulatorServer(data=folder, clock=ManualClock(START), runner=runner, boot=BOOT) as emulator:
        os.environ[f"AIRFLOW_CONN_{CONN.upper()}"] = _connection(emulator)
        yield emulator, ScoringBatchHook(CONN)


def drawing(durations: Durations) -> TimedRunner:
    """Return a runner of Batch tasks with random durations."""
    return TimedRunner(_Drawn(durations))


def base_of(start: datetime) -> str:
    """Return the base of the Batch ids of the run that starts at this time."""
    return ids.run_base("day", RunHour(start), dag_id="bench", run_id=str(start))


def submit_hour(hook: ScoringBatchHook, start: datetime, *, pool: str, tasks: int) -> str:
    """Open the job of a run and submit all its tasks; return the job's id."""
    base = base_of(start)
    job = hook.jobs.open(base, generation=0, pool_id=pool)
    names = (f"{base[-4:]}-{start:%H}-{number}" for number in range(tasks))
    hook.submit(job, [_COMMAND.request(Names(item=name, job=job, task=name), Grants()) for name in names])
    return job


def is_busy(engine: Engine, job_id: str) -> bool:
    """Whether tasks of a job have not ended."""
    tasks = engine.account.jobs[job_id.lower()].tasks
    return tasks.count(TaskState.COMPLETED) < len(tasks)


def _connection(emulator: EmulatorServer) -> str:
    return json.dumps(
        {
            "conn_type": "azure_batch",
            "login": emulator.account,
            "password": emulator.key,
            "extra": {"account_url": emulator.endpoint},
        }
    )
