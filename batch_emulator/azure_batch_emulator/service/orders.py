"""What a runner is told: command line, folders, environment, files."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.runner.interface import (
    Container,
    Order,
    OutputFile,
    ResourceFile,
    UploadCondition,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.records.tasks import Task
    from azure_batch_emulator.service.engine import Engine

_SHARED_FOLDERS = ("applications", "fsmounts", "shared", "startup", "volatile", "workitems")


def node_root(data: Path, pool_id: str, node_id: str) -> Path:
    """Tell a node's root folder."""
    return data / "nodes" / pool_id.lower() / node_id


@lru_cache(maxsize=4096)  # asked for with every attempt, and the making of paths is a third of its cost
def _shared_folders(root: Path) -> tuple[Path, ...]:
    return tuple(root / name for name in _SHARED_FOLDERS)


def job_directory(job: Job) -> str:
    """Tell the folder of a job's tasks, relative to a node's root."""
    if job.schedule is not None:
        return f"workitems/{job.schedule}/{job.id.rpartition(':')[2]}"
    return f"workitems/{job.id}"


def task_directory(job: Job, task: Task) -> str:
    """Tell a task's folder, relative to its node's root."""
    place = job_directory(job) if job.schedule is not None else f"{job_directory(job)}/job-1"
    return f"{place}/{task.id}"


def for_task(engine: Engine, run_id: int, pool: Pool, node: Node, *, job: Job, task: Task) -> Order:
    """Write the order for an attempt of a task."""
    root = node_root(engine.settings.data, pool.id, node.id)
    directory = root / task_directory(job, task)
    spec = task.spec
    environment = {
        **_node_environment(engine, pool, node, root, directory),
        "AZ_BATCH_JOB_ID": job.id,
        "AZ_BATCH_TASK_ID": task.id,
        **_settings(job.spec.get("commonEnvironmentSettings")),
        **_settings(spec.get("environmentSettings")),
    }
    return Order(
        run_id=run_id,
        command_line=spec["commandLine"],
        directory=directory,
        environment=environment,
        resource_files=tuple(_resource_file(file) for file in spec.get("resourceFiles") or ()),
        output_files=tuple(_output_file(file) for file in spec.get("outputFiles") or ()),
        container=_container(spec),
        may_be_retried=task.has_attempts_left,
        node_directories=_shared_folders(root),
    )


def for_start_task(engine: Engine, run_id: int, pool: Pool, node: Node) -> Order:
    """Write the order for a pool's start task on a node."""
    spec = pool.spec["startTask"]
    root = node_root(engine.settings.data, pool.id, node.id)
    directory = root / "startup"
    return Order(
        run_id=run_id,
        command_line=spec["commandLine"],
        directory=directory,
        environment={
            **_node_environment(engine, pool, node, root, directory),
            **_settings(spec.get("environmentSettings")),
        },
        resource_files=tuple(_resource_file(file) for file in spec.get("resourceFiles") or ()),
        container=_container(spec),
        node_directories=_shared_folders(root),
    )


def _node_environment(engine: Engine, pool: Pool, node: Node, root: Path, directory: Path) -> dict[str, str]:
    workdir = str(directory / "wd")
    return {
        "HOME": workdir,
        "AZ_BATCH_ACCOUNT_NAME": engine.settings.account,
        "AZ_BATCH_ACCOUNT_URL": f"{engine.url}/",
        "AZ_BATCH_POOL_ID": pool.id,
        "AZ_BATCH_NODE_ID": node.id,
        "AZ_BATCH_NODE_IS_DEDICATED": "true" if node.is_dedicated else "false",
        "AZ_BATCH_NODE_ROOT_DIR": str(root),
        "AZ_BATCH_NODE_SHARED_DIR": str(root / "shared"),
        "AZ_BATCH_NODE_STARTUP_DIR": str(root / "startup"),
        "AZ_BATCH_NODE_MOUNTS_DIR": str(root / "fsmounts"),
        "AZ_BATCH_TASK_DIR": str(directory),
        "AZ_BATCH_TASK_WORKING_DIR": workdir,
    }


def _settings(settings: Iterable[dict[str, Any]] | None) -> dict[str, str]:
    return {str(entry["name"]): str(entry.get("value") or "") for entry in settings or ()}


def _resource_file(spec: dict[str, Any]) -> ResourceFile:
    mode = spec.get("fileMode")
    return ResourceFile(
        http_url=spec.get("httpUrl"),
        container_url=spec.get("storageContainerUrl"),
        blob_prefix=spec.get("blobPrefix") or "",
        file_path=spec.get("filePath") or "",
        file_mode=int(mode, 8) if mode else None,
    )


def _output_file(spec: dict[str, Any]) -> OutputFile:
    container = spec["destination"]["container"]
    return OutputFile(
        pattern=spec["filePattern"],
        container_url=container["containerUrl"],
        path=container.get("path") or "",
        condition=UploadCondition(spec["uploadOptions"]["uploadCondition"]),
        headers=tuple(
            (str(header["name"]), str(header.get("value") or ""))
            for header in container.get("uploadHeaders") or ()
        ),
    )


def _container(spec: dict[str, Any]) -> Container | None:
    settings = spec.get("containerSettings")
    return Container(settings["imageName"]) if settings else None
