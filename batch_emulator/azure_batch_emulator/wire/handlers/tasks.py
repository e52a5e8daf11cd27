"""Operations on tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import stamp
from azure_batch_emulator.records.states import TaskState
from azure_batch_emulator.wire import conditions, paging
from azure_batch_emulator.wire.bodies import task_bodies
from azure_batch_emulator.wire.call import Answer, Call
from azure_batch_emulator.wire.views.task_json import COLUMNS, FILTERS, task_listing, task_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.tasks import Task
    from azure_batch_emulator.wire.odata.filters import Filter


def create_task(call: Call) -> Answer:
    """Add one task."""
    job = call.engine.lookup.job(call["jobId"])
    task = call.engine.tasks.add(job, call.body(task_bodies.TASK))
    url = task_url(call.base, job.id, task.id)
    return Answer(201, headers={**conditions.version_headers(task), "Location": url, "DataServiceId": url})


def create_task_collection(call: Call) -> Answer:
    """Add up to a hundred tasks; each has an outcome of its own."""
    job = call.engine.lookup.job(call["jobId"])
    # A body that is wrong in form is refused as a whole, before any task is added.
    tasks = call.body(task_bodies.TASKS)["value"]
    return Answer(
        200,
        {
            "odata.metadata": f"{call.base}/$metadata#taskaddresult",
            "value": [_add_one(call, job, body) for body in tasks],
        },
    )


def _add_one(call: Call, job: Job, body: dict[str, Any]) -> dict[str, Any]:
    try:
        task = call.engine.tasks.add(job, body)
    except ApiError as error:
        return {
            "status": "clienterror",
            "taskId": body["id"],
            "error": {
                "code": error.code,
                "message": {"lang": "en-US", "value": error.message},
                "values": [{"key": key, "value": value} for key, value in error.values],
            },
        }
    return {
        "status": "success",
        "taskId": task.id,
        "eTag": conditions.etag(task),
        "lastModified": stamp(task.modified),
        "location": task_url(call.base, job.id, task.id),
    }


def list_tasks(call: Call) -> Answer:
    """List tasks, by the smallest index the filter allows."""
    job = call.engine.lookup.job(call["jobId"])
    chosen = paging.read_filter(call, FILTERS)
    return paging.page(call, task_listing(job), _candidates(job, chosen, paging.start(call)), chosen)


def _candidates(job: Job, chosen: Filter[Task] | None, start: int) -> Iterator[Task]:
    if chosen is None:
        return job.tasks.walk(start)
    exact = chosen.required("id", "eq")
    if exact is not None:
        only = job.tasks.get(exact)
        return iter([only] if only is not None and only.number >= start else [])
    state = (chosen.required("state", "eq") or "").lower()
    return job.tasks.walk(
        start,
        state=TaskState(state) if state in set(TaskState) else None,
        prefix=chosen.required("id", "startswith"),
    )


def get_task(call: Call) -> Answer:
    """Show one task."""
    job, task = call.engine.lookup.task(call["jobId"], call["taskId"])
    conditions.check(call, task, reading=True)
    shown = task_listing(job).shown(call, task, paging.select(call, COLUMNS))
    head = {"odata.metadata": f"{call.base}/$metadata#tasks/@Element"}
    return Answer(200, head | shown, conditions.version_headers(task))


def replace_task(call: Call) -> Answer:
    """Replace the constraints of a task."""
    job, task = call.engine.lookup.task(call["jobId"], call["taskId"])
    conditions.check(call, task)
    call.engine.tasks.replace(job, task, call.body(task_bodies.TASK_PUT))
    return Answer(200, headers=_headers(call, job, task))


def delete_task(call: Call) -> Answer:
    """Remove a task."""
    job, task = call.engine.lookup.task(call["jobId"], call["taskId"])
    conditions.check(call, task)
    call.engine.tasks.delete(job, task)
    return Answer(200)


def terminate_task(call: Call) -> Answer:
    """End a task."""
    job, task = call.engine.lookup.task(call["jobId"], call["taskId"])
    conditions.check(call, task)
    call.engine.tasks.terminate(job, task)
    return Answer(204, headers=_headers(call, job, task))


def reactivate_task(call: Call) -> Answer:
    """Let a failed task run again."""
    job, task = call.engine.lookup.task(call["jobId"], call["taskId"])
    conditions.check(call, task)
    call.engine.tasks.reactivate(job, task)
    return Answer(204, headers=_headers(call, job, task))


def _headers(call: Call, job: Job, task: Task) -> dict[str, str]:
    return {**conditions.version_headers(task), "DataServiceId": task_url(call.base, job.id, task.id)}
