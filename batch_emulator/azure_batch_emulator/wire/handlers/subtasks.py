"""The operation that lists the subtasks of a multi-instance task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.wire import paging
from azure_batch_emulator.wire.views.subtask_json import COLUMNS, subtask_json

if TYPE_CHECKING:
    from azure_batch_emulator.records.tasks import Subtask
    from azure_batch_emulator.wire.request import Request
    from azure_batch_emulator.wire.response import Response


def list_subtasks(request: Request) -> Response:
    """List the subtasks of a task; none if it is no multi-instance task."""
    _, task = request.engine.lookup.task(request["jobId"], request["taskId"])
    listing: paging.Listing[Subtask] = paging.Listing(
        metadata="subtasks",
        properties={},
        render=subtask_json,
        position=lambda subtask: subtask.id,
        columns=COLUMNS,
    )
    first = paging.start(request)
    return paging.page(request, listing, (each for each in task.subtasks if each.id >= first), None)
