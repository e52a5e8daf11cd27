"""The form of the answer about a run."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class UnknownPart(Part):
    """A part of the answer that is not known now."""

    part: str
    why: str


class Job(Part):
    """A Batch job of the run."""

    id: str
    state: str
    created: datetime | None
    ended: datetime | None
    why_ended: str
    active: int
    """Batch tasks that wait for a node."""
    running: int
    succeeded: int
    failed: int


class BatchTask(Part):
    """A Batch task: one attempt at one group of sensors."""

    id: str
    job: str
    group: str
    map_index: int | None
    """Of the task instance that waits for it; null if the plan does not tell."""
    attempt: int | None
    sensor_count: int | None
    state: str
    result: str
    """`success` or `failure` once completed; empty where only its files are left."""
    created: datetime | None
    waits_since: datetime | None
    """When it was made, or last made to wait for a node again."""
    started: datetime | None
    """Of its latest attempt on a node; those before are not known."""
    ended: datetime | None
    node: str
    exit_code: int | None
    requeues: int
    why: str
    """How it failed, in one sentence."""


class OverTime(Part):
    """Steps: what holds from one moment to the next. Derived from the times of the Batch tasks."""

    at: list[datetime]
    waiting: list[int]
    running: list[int]
    nodes: list[int]
    """Nodes on which a Batch task of the run ran. Those that boot, idle or work for others do not count."""


class Node(Part):
    """A node that worked for the run, or may."""

    id: str
    state: str
    """Now; empty for one that has left the pool, or if the run is over."""
    since: datetime | None
    is_spot: bool | None
    tasks: int
    running: int
    failed: int
    first: datetime | None
    last: datetime | None
    busy_seconds: float


class PoolOfRun(Part):
    """How the pool scaled."""

    id: str
    at: Literal["now", "the end of the run"]
    formula: str | None
    """In force now; null for a run that is over, of which nobody kept it."""
    evaluated_at: datetime | None
    result: dict[str, float | str]
    """Variable of the formula to what the last evaluation gave it."""
    error: str | None
    troubles: list[str]
    """What keeps the pool from working, a sentence each; while Batch tasks wait, also why no node works."""


class SlowSensor(Part):
    """A sensor that took long to score."""

    sensor: str
    group: str
    seconds: float
    readings: int


class FailedSensor(Part):
    """A sensor that failed or, before the run is summed up, a group whose Batch task did."""

    sensor: str | None
    """Null for a group of several of which no report says who failed."""
    group: str
    sensor_count: int
    reason: str
    job: str
    batch_task: str
    stderr_tail: str | None
    """Null if it was not fetched: only that of the first Batch tasks is."""
    stderr_place: str
    """`log container` or `node`; empty if there is nothing in either."""


class RunAnswer(Part):
    """A run at one moment."""

    hour: str | None
    run: str
    """First part of its Batch ids, and the name of its folders."""
    as_of: datetime
    is_live: bool | None
    """Whether one of its Batch jobs may still work; null if Azure Batch does not tell."""
    colour: str | None
    """Null until it is summed up."""
    counts: dict[str, int] | None
    """Sensors by outcome; likewise."""
    jobs: list[Job]
    tasks: list[BatchTask]
    tasks_from: Literal["Azure Batch", "files"]
    """`files` where Azure Batch has no job of the run (any more), or does not answer: then tasks are known by
    the logs and reports that they left, and have an end alone."""
    over_time: OverTime
    nodes: list[Node]
    pool: PoolOfRun | None
    node_hours: float | None
    """Of dedicated nodes; of the summary, or so far."""
    spot_node_hours: float | None
    cost: float | None
    slowest: list[SlowSensor]
    """Of the summary; empty before."""
    failed: list[FailedSensor]
    """The first ones."""
    failed_count: int
    notes: list[str]
    unknown: list[UnknownPart]
