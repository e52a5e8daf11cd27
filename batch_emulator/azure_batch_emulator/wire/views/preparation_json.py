"""How a node of a job was prepared and released, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.service.attempts.directories import task_directory
from azure_batch_emulator.wire.odata.filters import Property
from azure_batch_emulator.wire.views.task_json import execution_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.preparations import Preparation
    from azure_batch_emulator.records.tasks import Execution

COLUMNS = frozenset(
    ("poolId", "nodeId", "nodeUrl", "jobPreparationTaskExecutionInfo", "jobReleaseTaskExecutionInfo")
)
_COUNTERS = frozenset({"requeueCount", "lastRequeueTime"})
_RETRIES = frozenset({"retryCount", "lastRetryTime"})
FILTERS: Mapping[str, Property[Preparation]] = {
    "poolId": Property.word(lambda each: each.pool_id),
    "nodeId": Property.word(lambda each: each.node_id),
    "jobPreparationTaskExecutionInfo/startTime": Property.moment(lambda each: each.execution.started),
    "jobPreparationTaskExecutionInfo/endTime": Property.moment(lambda each: each.execution.ended),
    "jobPreparationTaskExecutionInfo/exitCode": Property.number(lambda each: each.execution.exit_code),
    "jobPreparationTaskExecutionInfo/state": Property.word(lambda each: _state(each.execution)),
    "jobReleaseTaskExecutionInfo/startTime": Property.moment(
        lambda each: each.release and each.release.started
    ),
    "jobReleaseTaskExecutionInfo/endTime": Property.moment(lambda each: each.release and each.release.ended),
    "jobReleaseTaskExecutionInfo/exitCode": Property.number(
        lambda each: each.release and each.release.exit_code
    ),
    "jobReleaseTaskExecutionInfo/state": Property.word(lambda each: each.release and _state(each.release)),
}


def preparation_json(job: Job, preparation: Preparation, base: str) -> dict[str, Any]:
    """Write how one node was prepared and released."""
    node_url = f"{base}/pools/{preparation.pool_id}/nodes/{preparation.node_id}"
    json: dict[str, Any] = {
        "poolId": preparation.pool_id,
        "nodeId": preparation.node_id,
        "nodeUrl": node_url,
    }
    if job.preparation_spec is not None:
        directory = task_directory(job, job.preparation_spec["id"])
        json["jobPreparationTaskExecutionInfo"] = _info(preparation.execution, directory, node_url)
    if job.release_spec is not None and preparation.release is not None:
        directory = task_directory(job, job.release_spec["id"])
        info = _info(preparation.release, directory, node_url)
        json["jobReleaseTaskExecutionInfo"] = {
            name: value for name, value in info.items() if name not in _RETRIES
        }
    return json


def _info(execution: Execution, directory: str, node_url: str) -> dict[str, Any]:
    counted = execution_json(execution).items()
    return {
        "state": _state(execution),
        "taskRootDirectory": directory,
        "taskRootDirectoryUrl": f"{node_url}/files/{directory}",
        **{name: value for name, value in counted if name not in _COUNTERS},
    }


def _state(execution: Execution) -> str:
    return "running" if execution.ended is None else "completed"
