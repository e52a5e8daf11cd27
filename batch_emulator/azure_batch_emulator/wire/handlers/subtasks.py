"""The operation that lists the subtasks of a multi-instance task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.wire import paging
from azure_batch_emulator.wire.views.subtask_json import COLUMNS, subtask_json

if TYPE_CHECKING:
    from azure_batch_emulator.records.tasks import Subtask
    from azure_batch_emulator.wire.call import Answer, Call


def list_subtasks(call: Call) -> Answer:
    """List the subtasks of a task; none if it is no multi-instance task."""
    _, task = call.engine.lookup.task(call["jobId"], call["taskId"])
    listing: paging.Listing[Subtask] = paging.Listing(
        metadata="subtasks",
        properties={},
        render=subtask_json,
        position=lambda subtask: subtask.id,
        columns=COLUMNS,
    )
    first = paging.start(call)
    return paging.page(call, listing, (each for each in task.subtasks if each.id >= first), None)
