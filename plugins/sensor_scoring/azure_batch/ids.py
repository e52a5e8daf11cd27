"""Names in Azure Batch: how a run, a group and an attempt become ids. Pure; no two things share a name.

A Batch id has 1 to 64 of ``[A-Za-z0-9_-]`` and ignores case; a sensor id may be longer, with ``~`` and dots,
so ids carry digests::

    base = <prefix>-<YYYYMMDDTHH>-<10 hex of dag and run id>      a run
    job  = <base>-g<generation>[-<n>]                              its Batch job; a clear makes the next one
    task = <group>-<10 hex of the exact group>-e<epoch>-a<n>       attempt n at a group in an epoch

``epoch`` and ``generation`` are Airflow's ``max_tries`` of the task instance: it rises with every clear or
reprocess and never with a retry, which is what tells "score it again" from "try once more".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from scoring_contract.errors import LayoutError
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX_LENGTH = 16
GROUP_LENGTH = 28
DIGEST_LENGTH = 10

_TASK = re.compile(r"(?P<key>.+-[0-9a-f]{10})-e(?P<epoch>\d+)-a(?P<attempt>\d+)", re.ASCII)
_RUN = re.compile(r"[A-Za-z0-9_-]{1,16}-(?P<hour>\d{8}T\d{2})-(?P<digest>[0-9a-f]{10})", re.ASCII)
_JOB = re.compile(r"(?P<base>.+)-g(?P<generation>\d+)(?:-(?P<number>\d+))?", re.ASCII)


def run_base(prefix: str, hour: RunHour, *, dag_id: str, run_id: str) -> str:
    """Name a run; all its Batch jobs begin with this, and its folders in Blob Storage are called so."""
    return hour_prefix(prefix, hour) + _digest(dag_id, run_id)


def hour_prefix(prefix: str, hour: RunHour) -> str:
    """Name what all runs of an hour begin with."""
    return f"{_plain(prefix)[:PREFIX_LENGTH]}-{hour.compact}-"


def hour_of_run(base: str) -> RunHour | None:
    """Return the hour that a run is about; None for what is not the name of a run."""
    match = _RUN.fullmatch(base)
    if match is None:
        return None
    date = match["hour"]
    try:
        return RunHour.parse(f"{date[:4]}-{date[4:6]}-{date[6:]}")
    except LayoutError:
        return None  # digits that are no date


def hour_of_run_with(prefix: str, base: str) -> RunHour | None:
    """Return the hour that a run with just this prefix is about; None for any other name.

    A prefix can begin with another one and a hyphen: ``scoring-b`` is not a run of ``scoring``.
    """
    hour = hour_of_run(base)
    return hour if hour is not None and base.startswith(hour_prefix(prefix, hour)) else None


def is_job_of(job: str, base: str) -> bool:
    """Whether a Batch job belongs to a run; an id that merely begins like the run's does not."""
    match = _JOB.fullmatch(job)
    return match is not None and match["base"] == base


def is_job_with(prefixes: Iterable[str], job: str) -> bool:
    """Whether a Batch job belongs to a run with one of these prefixes."""
    base = base_of(job)
    return any(hour_of_run_with(prefix, base) is not None for prefix in prefixes)


def task_base(*, dag_id: str, task_id: str, run_id: str) -> str:
    """Name the work of one Airflow task in one DAG run, for a task that has a Batch job to itself."""
    return f"{_plain(dag_id)[:PREFIX_LENGTH]}-{_digest(dag_id, task_id, run_id)}"


def job_id(base: str, *, generation: int, number: int = 0) -> str:
    """Name a Batch job of a run.

    :param generation: ``max_tries`` of the task instance that opens it
    :param number: 0, or the first free one when an ended job already has the name
    """
    return f"{base}-g{generation}" + (f"-{number}" if number else "")


def base_of(job: str) -> str:
    """Return the run that a Batch job belongs to; the job's own id if it is not one of ours."""
    match = _JOB.fullmatch(job)
    return match["base"] if match else job


def generation_of(job: str) -> int | None:
    """Return the generation of a Batch job; None if the id is not one of ours."""
    match = _JOB.fullmatch(job)
    return int(match["generation"]) if match else None


def belongs_to(job: str, *, dag_id: str, run_id: str, task_id: str) -> bool:
    """Whether a Batch job was made for a DAG run, or by one of its tasks for itself. Nobody is asked.

    Known limit: ten hex digits tell apart what was named in good faith. Somebody who may see one DAG and can
    afford 2**40 hashes finds a run id that would pass for another DAG's.
    """
    # Callers read these from an address: there the separator could make one text of two different pairs.
    if "\0" in dag_id + run_id + task_id or not _JOB.fullmatch(job):
        return False
    base = base_of(job)
    run = _RUN.fullmatch(base)
    return base == task_base(dag_id=dag_id, task_id=task_id, run_id=run_id) or (
        run is not None and run["digest"] == _digest(dag_id, run_id)
    )


def is_run_of(base: str, *, dag_id: str, run_id: str) -> bool:
    """Whether a name is that of a DAG run; with the limit of :func:`belongs_to`."""
    run = None if "\0" in dag_id + run_id else _RUN.fullmatch(base)
    return run is not None and run["digest"] == _digest(dag_id, run_id)


def group_key(group: str) -> str:
    """Name a group inside a job: readable first, exact through the digest."""
    return f"{_plain(group)[:GROUP_LENGTH]}-{_digest(group)}"


@dataclass(frozen=True, slots=True)
class AttemptId:
    """One attempt at one group."""

    key: str
    epoch: int
    attempt: int

    def __str__(self) -> str:
        return f"{self.key}-e{self.epoch}-a{self.attempt}"

    @classmethod
    def parse(cls, batch_task_id: str) -> AttemptId | None:
        """Read a Batch task id; None if it is not one of ours."""
        match = _TASK.fullmatch(batch_task_id)
        return cls(match["key"], int(match["epoch"]), int(match["attempt"])) if match else None


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", text)


def _digest(*parts: str) -> str:
    # The separator cannot stand in an Airflow id, so no two pairs join to the same text.
    return sha256("\0".join(parts).encode()).hexdigest()[:DIGEST_LENGTH]
