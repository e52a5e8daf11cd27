"""Which record is which row, and how rows become an account again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from azure_batch_emulator.records.account import Account
from azure_batch_emulator.records.dependencies import Dependents, Satisfied
from azure_batch_emulator.records.jobs import Job
from azure_batch_emulator.records.nodes import Node, SlotIndex
from azure_batch_emulator.records.pools import Pool
from azure_batch_emulator.records.preparations import Preparation
from azure_batch_emulator.records.samples import Sample, Samples
from azure_batch_emulator.records.schedules import Schedule
from azure_batch_emulator.records.task_table import TaskTable
from azure_batch_emulator.records.tasks import Task
from azure_batch_emulator.store import codec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

OWNED: Mapping[str, tuple[str, ...]] = {
    "pool": ("node", "sample"),
    "job": ("satisfied", "task", "preparation"),
}
"""What goes together with a record of a kind."""
_KINDS: Mapping[str, type[Any]] = {
    kind.__name__.lower(): kind for kind in (Pool, Node, Sample, Job, Satisfied, Task, Preparation, Schedule)
}


class Key(NamedTuple):
    """Where a record stands: ``owner`` is the number of its pool or job, 0 for pools, jobs and schedules."""

    kind: str
    owner: int
    number: int


def key_of(record: object) -> Key:
    """Tell the key of a record.

    :raises TypeError: if it is not a record that is stored
    """
    match record:
        case Pool() | Job() | Schedule():
            return Key(type(record).__name__.lower(), 0, record.number)
        case Node():
            return Key("node", record.pool_number, record.number)
        case Task():
            return Key("task", record.job_number, record.number)
        case Satisfied() | Preparation():
            return Key(type(record).__name__.lower(), record.job_number, record.number)
        case Sample():
            return Key("sample", record.pool_number, int(record.moment.timestamp() * 1_000_000))
    raise TypeError(f"a {type(record).__name__} is no record")


def row_of(record: object) -> tuple[str, int, int, str]:
    """Write a record as a row."""
    return (*key_of(record), json.dumps(codec.write(record), separators=(",", ":")))


class Rebuild:
    """Fills an account from rows, which come in the order of kinds and numbers."""

    def __init__(self, *, period: timedelta, lag: timedelta) -> None:
        self.account = Account()
        self._period, self._lag = period, lag
        self._pools: dict[int, Pool] = {}
        self._jobs: dict[int, Job] = {}

    def take(self, rows: Iterable[tuple[str, int, int, str]]) -> None:
        """Put records into the account; pools before their nodes, jobs before their tasks.

        :raises ValueError: if a row holds no record of its kind
        :raises KeyError: if a kind or an owner is unknown
        :raises TypeError: if a field is missing or unknown
        """
        for kind, _, _, body in rows:
            self._put(codec.read(_KINDS[kind], json.loads(body)))

    def _put(self, record: Any) -> None:
        match record:
            case Pool():
                self._put_pool(record)
            case Job():
                self._put_job(record)
            case Schedule():
                self.account.schedules[record.key] = record
            case Node() | Sample():
                self._put_into_pool(self._pools[record.pool_number], record)
            case _:
                self._put_into_job(self._jobs[record.job_number], record)

    def _put_pool(self, pool: Pool) -> None:
        pool.samples = Samples(period=self._period, lag=self._lag)
        pool.slot_index = SlotIndex(self.account.changes)
        self._pools[pool.number] = self.account.pools[pool.key] = pool

    @staticmethod
    def _put_into_pool(pool: Pool, record: Node | Sample) -> None:
        if isinstance(record, Node):
            pool.nodes[record.id] = record
        elif pool.samples is not None:
            pool.samples.take(record)

    @staticmethod
    def _put_into_job(job: Job, record: Satisfied | Task | Preparation) -> None:
        match record:
            case Preparation():
                job.preparations[record.node_id] = record
            case Task():
                job.tasks.skip_to(record.number)
                job.tasks.add(record)
            case Satisfied() if job.dependents is not None:
                job.dependents.recall(record)

    def _put_job(self, job: Job) -> None:
        job.tasks = TaskTable(self.account.changes)
        job.dependents = Dependents() if job.spec["usesTaskDependencies"] else None
        self._jobs[job.number] = job
        self.account.add_job(job)
