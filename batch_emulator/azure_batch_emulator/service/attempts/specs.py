"""Makes the ``AttemptSpec`` of every kind of command: command line, folders, environment, files."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import UNLIMITED
from azure_batch_emulator.records.tasks import ErrorCategory, Failure
from azure_batch_emulator.runner.interface import AttemptSpec, Bind, Container, Link
from azure_batch_emulator.service.attempts import directories, mounts, packages, task_tokens
from azure_batch_emulator.service.attempts.storage_links import StorageLinks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta
    from pathlib import Path

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.records.tasks import Task
    from azure_batch_emulator.service.attempts.attempt import Attempt
    from azure_batch_emulator.service.core import EngineCore

_BIND_SOURCES = {
    "shared": "shared",
    "startup": "startup",
    "vfsmounts": "fsmounts",
    "applications": "applications",
}
_RESERVED_DISK_SPACE = 1_000_000
"""What the documentation shows; nothing here is measured against it."""


@dataclass(frozen=True, slots=True)
class JobCommand:
    """A command of a job that is none of its tasks: its environment and folder are like a task's."""

    id: str
    spec: Mapping[str, Any]
    wall_clock: timedelta = UNLIMITED
    """How long it may last."""
    folder: str = ""
    """Its own in the folder of its id, if it is a part of something."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Beside what its settings say."""


def for_task(
    core: EngineCore, attempt: Attempt, job: Job, task: Task, environment: Mapping[str, str]
) -> AttemptSpec:
    """Write the spec of an attempt of a task."""
    attempt_spec = for_command(core, attempt, job, JobCommand(task.id, task.spec, environment=environment))
    files = StorageLinks(core.settings.auto_storage)
    return replace(
        attempt_spec,
        output_files=tuple(files.output_file(file) for file in task.spec.get("outputFiles") or ()),
        may_be_retried=task.has_attempts_left,
        refusal=attempt_spec.refusal or _without_image(attempt.pool, task.spec),
    )


def for_command(core: EngineCore, attempt: Attempt, job: Job, command: JobCommand) -> AttemptSpec:
    """Write the spec of an attempt of a job's command."""
    root = directories.node_root(core.settings.data, attempt.pool.id, attempt.node.id)
    task_folder = root / directories.task_directory(job, command.id)
    directory = task_folder / command.folder
    preparation = job.preparation_spec
    prepared = root / directories.task_directory(job, preparation["id"]) if preparation else None
    attempt_spec = _spec(core, attempt, command.spec, directory, prepared)
    environment = {
        **attempt_spec.environment,
        "AZ_BATCH_JOB_ID": job.id,
        "AZ_BATCH_TASK_ID": command.id,
        **_token(core, job, command.spec),
        **(_preparation_variables(prepared) if prepared not in {None, directory} else {}),
        **command.environment,
        **_settings(job.spec.get("commonEnvironmentSettings")),
        **_settings(command.spec.get("environmentSettings")),
    }
    downloads = task_folder if command.folder else None
    return replace(attempt_spec, environment=environment, downloads=downloads)


def for_start_task(core: EngineCore, attempt: Attempt) -> AttemptSpec:
    """Write the spec of a pool's start task on a node."""
    root = directories.node_root(core.settings.data, attempt.pool.id, attempt.node.id)
    return _spec(core, attempt, attempt.pool.spec["startTask"], root / "startup")


def _spec(
    core: EngineCore, attempt: Attempt, spec: Mapping[str, Any], directory: Path, prepared: Path | None = None
) -> AttemptSpec:
    pool, files = attempt.pool, StorageLinks(core.settings.auto_storage)
    root = directories.node_root(core.settings.data, pool.id, attempt.node.id)
    references = _references(pool.spec, spec)
    return AttemptSpec(
        attempt_id=attempt.id,
        command_line=spec["commandLine"],
        root=core.settings.data,
        directory=directory,
        environment={
            **_node_environment(core, pool, attempt.node, root, directory),
            **_package_variables(core, references, root),
            **_settings(spec.get("environmentSettings")),
        },
        resource_files=tuple(files.resource_file(file) for file in spec.get("resourceFiles") or ()),
        container=_container(spec, _bind_folders(root, directory, prepared)),
        node_directories=directories.shared_folders(root),
        links=_links(core, pool, references, root),
        refusal=_image_in_vain(pool, spec) or packages.missing(core.settings, references),
    )


def _image_in_vain(pool: Pool, spec: Mapping[str, Any]) -> Failure | None:
    """Tell why a task with an image cannot begin in a pool that was made for none."""
    if pool.takes_containers or not spec.get("containerSettings"):
        return None
    message = "The specified pool does not support container tasks."
    return Failure(ErrorCategory.USER, "ContainerPoolNotSupported", message)


def _without_image(pool: Pool, spec: Mapping[str, Any]) -> Failure | None:
    """Tell why a task without an image cannot begin in a pool for containers; other commands can."""
    if not pool.takes_containers or spec.get("containerSettings"):
        return None
    message = "The pool has a container configuration: its tasks need containerSettings."
    # The service's own code is not documented.
    return Failure(ErrorCategory.USER, "ContainerInvalidSettings", message)


def _node_environment(
    core: EngineCore, pool: Pool, node: Node, root: Path, directory: Path
) -> dict[str, str]:
    workdir = str(directory / "wd")
    return {
        "HOME": workdir,
        "AZ_BATCH_ACCOUNT_NAME": core.settings.account,
        "AZ_BATCH_ACCOUNT_URL": f"{core.url}/",
        "AZ_BATCH_POOL_ID": pool.id,
        "AZ_BATCH_NODE_ID": node.id,
        "AZ_BATCH_NODE_IS_DEDICATED": "true" if node.is_dedicated else "false",
        "AZ_BATCH_NODE_ROOT_DIR": str(root),
        "AZ_BATCH_NODE_SHARED_DIR": str(root / "shared"),
        "AZ_BATCH_NODE_STARTUP_DIR": str(root / "startup"),
        "AZ_BATCH_NODE_MOUNTS_DIR": str(root / "fsmounts"),
        "AZ_BATCH_TASK_DIR": str(directory),
        "AZ_BATCH_TASK_WORKING_DIR": workdir,
        "AZ_BATCH_CERTIFICATES_DIR": f"{workdir}/certs",
        "AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES": str(_RESERVED_DISK_SPACE),
    }


def _token(core: EngineCore, job: Job, spec: Mapping[str, Any]) -> dict[str, str]:
    if "job" not in (spec.get("authenticationTokenSettings") or {}).get("access", ()):
        return {}
    return {"AZ_BATCH_AUTHENTICATION_TOKEN": task_tokens.made_for(core.settings.key, job.id)}


def _settings(settings: Iterable[dict[str, Any]] | None) -> dict[str, str]:
    return {str(entry["name"]): str(entry.get("value") or "") for entry in settings or ()}


def _references(*specs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the application packages that bodies refer to."""
    return [entry for spec in specs for entry in spec.get("applicationPackageReferences") or ()]


def _package_variables(core: EngineCore, references: Iterable[dict[str, Any]], root: Path) -> dict[str, str]:
    found = (packages.find(core.settings, reference) for reference in references)
    return {name: value for each in found if each for name, value in each.variables(root).items()}


def _links(
    core: EngineCore, pool: Pool, references: Iterable[dict[str, Any]], root: Path
) -> tuple[Link, ...]:
    found = (packages.find(core.settings, reference) for reference in references)
    return (*(each.link(root) for each in found if each), *mounts.links(core.settings, pool, root))


def _preparation_variables(prepared: Path | None) -> dict[str, str]:
    return {
        "AZ_BATCH_JOB_PREP_DIR": str(prepared),
        "AZ_BATCH_JOB_PREP_WORKING_DIR": f"{prepared}/wd",
    }


def _container(spec: Mapping[str, Any], folders: Mapping[str, Path]) -> Container | None:
    settings = spec.get("containerSettings")
    if not settings:
        return None
    user = (spec.get("userIdentity") or {}).get("autoUser") or {}
    return Container(
        settings["imageName"],
        run_options=settings.get("containerRunOptions") or "",
        in_task_directory=_lower(settings.get("workingDirectory")) != "containerimagedefault",
        binds=_binds(settings.get("containerHostBatchBindMounts"), folders),
        is_admin=(_lower(user.get("scope")), _lower(user.get("elevationLevel"))) == ("pool", "admin"),
    )


def _bind_folders(root: Path, directory: Path, prepared: Path | None) -> dict[str, Path]:
    """Name the folders of a node that a container can be given; the whole of it is the root's."""
    named = {source: root / name for source, name in _BIND_SOURCES.items()}
    preparation = {} if prepared is None else {"jobprep": prepared}
    return {"": root, "task": directory, **named, **preparation}


def _binds(wanted: Iterable[dict[str, Any]] | None, folders: Mapping[str, Path]) -> tuple[Bind, ...]:
    """List the folders a container sees: the whole node if nothing is said, else those that are named."""
    if wanted is None:
        return (Bind(folders[""]),)
    named = ((_lower(bind.get("source")), bool(bind.get("isReadOnly"))) for bind in wanted)
    return tuple(
        Bind(folders[source], is_read_only=is_read_only)
        for source, is_read_only in named
        if source and source in folders
    )


def _lower(word: str | None) -> str:
    return (word or "").lower()
