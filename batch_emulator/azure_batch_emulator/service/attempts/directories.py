"""Where the files of nodes, jobs and tasks are."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from azure_batch_emulator.confined.folder import Area

if TYPE_CHECKING:
    from pathlib import Path

    from azure_batch_emulator.records.jobs import Job

_SHARED_FOLDERS = ("applications", "fsmounts", "shared", "startup", "volatile", "workitems")


def node_root(data: Path, pool_id: str, node_id: str) -> Path:
    """Tell a node's root folder."""
    return data / "nodes" / pool_id.lower() / node_id


def node_area(data: Path, pool_id: str, node_id: str) -> Area:
    """Tell a node's root folder, as something that tasks write to."""
    return Area(data, node_root(data, pool_id, node_id))


@lru_cache(maxsize=4096)  # asked for with every attempt, and the making of paths is a third of its cost
def shared_folders(root: Path) -> tuple[Path, ...]:
    """List the folders that every node has below its root."""
    return tuple(root / name for name in _SHARED_FOLDERS)


def job_directory(job: Job) -> str:
    """Tell the folder of a job's tasks, relative to a node's root."""
    if job.schedule is not None:
        return f"workitems/{job.schedule}/{job.id.rpartition(':')[2]}"
    return f"workitems/{job.id}"


def task_directory(job: Job, task_id: str) -> str:
    """Tell the folder of a task, or of what prepares or releases a node, relative to its node's root."""
    place = job_directory(job) if job.schedule is not None else f"{job_directory(job)}/job-1"
    return f"{place}/{task_id}"
