"""The operation that lists how the nodes of a job were prepared and released."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.wire import paging
from azure_batch_emulator.wire.views.preparation_json import COLUMNS, FILTERS, preparation_json

if TYPE_CHECKING:
    from azure_batch_emulator.records.preparations import Preparation
    from azure_batch_emulator.wire.request import Request
    from azure_batch_emulator.wire.response import Response


def list_job_preparation_and_release_task_status(request: Request) -> Response:
    """List the nodes that a job has prepared, those that have left their pool included."""
    job = request.engine.lookup.job(request["jobId"])
    if job.preparation_spec is None:
        message = "The job has no job preparation task and no job release task."
        raise ApiError.conflict("JobPreparationTaskNotSpecified", message)
    listing: paging.Listing[Preparation] = paging.Listing(
        metadata="jobpreparationandreleasetaskstatuslist",
        properties=FILTERS,
        render=lambda each, base: preparation_json(job, each, base),
        position=lambda each: each.number,
        columns=COLUMNS,
    )
    chosen = paging.read_filter(request, FILTERS)
    first = paging.start(request)
    return paging.page(
        request, listing, (each for each in job.preparations.values() if each.number >= first), chosen
    )
