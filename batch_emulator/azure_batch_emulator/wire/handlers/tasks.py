"""Operations on tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import stamp
from azure_batch_emulator.records.states import TaskState
from azure_batch_emulator.wire import conditions, paging
from azure_batch_emulator.wire.bodies import task_bodies
from azure_batch_emulator.wire.response import Response
from azure_batch_emulator.wire.views.task_json import COLUMNS, FILTERS, task_listing, task_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.tasks import Task
    from azure_batch_emulator.wire.odata.filters import Filter
    from azure_batch_emulator.wire.request import Request


def create_task(request: Request) -> Response:
    """Add one task."""
    job = request.engine.lookup.job(request["jobId"])
    task = request.engine.tasks.add(job, request.body(task_bodies.TASK))
    url = task_url(request.base, job.id, task.id)
    return Response(201, headers={**conditions.version_headers(task), "Location": url, "DataServiceId": url})


def create_task_collection(request: Request) -> Response:
    """Add up to a hundred tasks; each has an outcome of its own."""
    job = request.engine.lookup.job(request["jobId"])
    # A body that is wrong in form is refused as a whole, before any task is added.
    tasks = request.body(task_bodies.TASKS)["value"]
    return Response(
        200,
        {
            "odata.metadata": f"{request.base}/$metadata#taskaddresult",
            "value": [_add_one(request, job, body) for body in tasks],
        },
    )


def _add_one(request: Request, job: Job, body: dict[str, Any]) -> dict[str, Any]:
    try:
        task = request.engine.tasks.add(job, body)
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
        "location": task_url(request.base, job.id, task.id),
    }


def list_tasks(request: Request) -> Response:
    """List tasks, by the smallest index the filter allows."""
    job = request.engine.lookup.job(request["jobId"])
    chosen = paging.read_filter(request, FILTERS)
    return paging.page(request, task_listing(job), _candidates(job, chosen, paging.start(request)), chosen)


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


def get_task(request: Request) -> Response:
    """Show one task."""
    job, task = request.engine.lookup.task(request["jobId"], request["taskId"])
    conditions.check(request, task, reading=True)
    shown = task_listing(job).shown(request, task, paging.select(request, COLUMNS))
    head = {"odata.metadata": f"{request.base}/$metadata#tasks/@Element"}
    return Response(200, head | shown, conditions.version_headers(task))


def replace_task(request: Request) -> Response:
    """Replace the constraints of a task."""
    job, task = request.engine.lookup.task(request["jobId"], request["taskId"])
    conditions.check(request, task)
    request.engine.tasks.replace(job, task, request.body(task_bodies.TASK_PUT))
    return Response(200, headers=_headers(request, job, task))


def delete_task(request: Request) -> Response:
    """Remove a task."""
    job, task = request.engine.lookup.task(request["jobId"], request["taskId"])
    conditions.check(request, task)
    request.engine.tasks.delete(job, task)
    return Response(200)


def terminate_task(request: Request) -> Response:
    """End a task."""
    job, task = request.engine.lookup.task(request["jobId"], request["taskId"])
    conditions.check(request, task)
    request.engine.tasks.terminate(job, task)
    return Response(204, headers=_headers(request, job, task))


def reactivate_task(request: Request) -> Response:
    """Let a failed task run again."""
    job, task = request.engine.lookup.task(request["jobId"], request["taskId"])
    conditions.check(request, task)
    request.engine.tasks.reactivate(job, task)
    return Response(204, headers=_headers(request, job, task))


def _headers(request: Request, job: Job, task: Task) -> dict[str, str]:
    return {**conditions.version_headers(task), "DataServiceId": task_url(request.base, job.id, task.id)}
