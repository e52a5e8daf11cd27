"""Puts a job together: its files, its containers and its state become a runner."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from azure.core.exceptions import AzureError

from ingest.stream_analytics.blob_output import BlobOutput
from ingest.stream_analytics.definition.job import read_job
from ingest.stream_analytics.errors import JobFailed
from ingest.stream_analytics.event_ordering.timeline import Timelines
from ingest.stream_analytics.execution import Execution
from ingest.stream_analytics.language.plan import plan_of
from ingest.stream_analytics.runner import Runner
from ingest.stream_analytics.state import StateFile
from ingest.stream_analytics.ticks import ticks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from azure.storage.blob import ContainerClient

    from ingest.stream_analytics.definition.job import Job
    from ingest.stream_analytics.language.plan import Plan


def planned(job: Job, query: str) -> Plan:
    """Plan a query for a job.

    :raises QueryRefused: for what is not run here
    :raises JobRefused: likewise
    """
    return plan_of(
        query,
        streams=[stream.name for stream in job.streams],
        references=[reference.name for reference in job.references],
        outputs=[output.name for output in job.outputs],
    )


def assemble(
    query: str,
    job_text: str,
    *,
    partitions: Sequence[str],
    containers: Mapping[str, ContainerClient],
    state: Path,
    clock: Callable[[], float] = time.monotonic,
    on_saved: Callable[[Runner], None] = lambda _: None,
) -> Runner:
    """Make a runner.

    :param containers: by their names in the job
    :param state: file with the job's state
    :param on_saved: called after each save of the state, with the runner
    :raises StreamAnalyticsError: if the job is not run here, or storage fails
    """
    job = read_job(job_text)
    plan = planned(job, query)
    references = {
        reference.name: (_content(containers[reference.container], reference.blob), reference.delimiter)
        for reference in job.references
        if reference.name in plan.references
    }
    settings = {output.name.lower(): output for output in job.outputs}
    start = uuid4()
    outputs = {
        output.name: BlobOutput(
            settings[output.name.lower()],
            output.columns,
            containers[settings[output.name.lower()].container],
            start,
        )
        for output in plan.outputs
    }
    return Runner(
        job,
        plan,
        Execution(plan, references),
        outputs,
        Timelines(job.ordering, tuple(partitions), separate=plan.substreams is not None),
        StateFile(state, f"{query}\n{job_text}"),
        clock,
        lambda: ticks_of(datetime.now(UTC)),
        on_saved,
    )


def _content(container: ContainerClient, blob: str) -> bytes:
    try:
        return container.download_blob(blob).readall()
    except AzureError as error:
        raise JobFailed(
            f"the reference data {blob} cannot be read, and a job waits for it: {error}"
        ) from error
