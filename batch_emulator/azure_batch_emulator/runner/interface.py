"""What the engine asks of a runner, and what a runner reports back.

An ``AttemptSpec`` is complete: the runner needs nothing of the service's records. Every started attempt is
answered by exactly one ``Ended``, from any thread, also when it was stopped. Before that a runner may
ask, with a ``ResumeAfter``, to be called when time has passed by the service's clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from azure_batch_emulator.confined.folder import Area

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta
    from pathlib import Path

    from azure_batch_emulator.records.tasks import ContainerInfo, Failure


class UploadCondition(StrEnum):
    """After which ends an output file is uploaded."""

    SUCCESS = "tasksuccess"
    FAILURE = "taskfailure"
    COMPLETION = "taskcompletion"


@dataclass(frozen=True, slots=True)
class ResourceFile:
    """Something to download before the command starts: one URL, or a container."""

    http_url: str | None = None
    container_url: str | None = None
    blob_prefix: str = ""
    file_path: str = ""
    file_mode: int | None = None
    denial: str | None = None
    """Why it may not be read, known beforehand."""


@dataclass(frozen=True, slots=True)
class OutputFile:
    """Something to upload after the command ended."""

    pattern: str
    container_url: str
    path: str
    condition: UploadCondition
    headers: tuple[tuple[str, str], ...] = ()
    denial: str | None = None
    """Why it may not be written, known beforehand."""


@dataclass(frozen=True, slots=True)
class Link:
    """A folder of this machine that appears on a node, too."""

    path: Path
    folder: Path


@dataclass(frozen=True, slots=True)
class Bind:
    """A folder that a container sees at the path it has outside."""

    folder: Path
    is_read_only: bool = False


@dataclass(frozen=True, slots=True)
class Container:
    """The image whose environment the command runs in, and what it sees of the node."""

    image: str
    run_options: str = ""
    """Further arguments for the engine, as one would type them."""
    in_task_directory: bool = True
    """Whether the command begins in ``wd``; else where the image says."""
    binds: tuple[Bind, ...] = ()
    is_admin: bool = False
    """Whether the command runs as whoever the image says, rather than as the emulator's user."""


@dataclass(frozen=True, slots=True)
class AttemptSpec:
    """All that a runner needs to know of an attempt to run a command line."""

    attempt_id: int
    command_line: str
    root: Path
    """Folder of the emulator's files, above all folders of nodes and tasks; no task replaces it."""
    directory: Path
    """Task folder; stdout.txt and stderr.txt go here, the command runs in ``wd`` below it."""
    environment: Mapping[str, str]
    resource_files: tuple[ResourceFile, ...] = ()
    output_files: tuple[OutputFile, ...] = ()
    container: Container | None = None
    may_be_retried: bool = False
    """Whether a non-zero exit leads to another attempt, so that nothing is uploaded yet."""
    node_directories: tuple[Path, ...] = field(default=())
    """Folders of the node that must exist."""
    links: tuple[Link, ...] = ()
    """Folders that must appear on the node."""
    refusal: Failure | None = None
    """Why it cannot be begun at all."""
    downloads: Path | None = None
    """Where resource files go; None for ``wd``."""

    @property
    def area(self) -> Area:
        """Tell the task folder, as something that tasks write to."""
        return Area(self.root, self.directory)

    @property
    def download_area(self) -> Area:
        """Tell where resource files go."""
        return Area(self.root, self.downloads or self.directory / "wd")


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended."""

    attempt_id: int
    exit_code: int | None
    """Absent when the command never ran; 128 + signal when one killed it."""
    failure: Failure | None = None
    """Trouble before or after the command; an exit code is judged by the engine."""
    phase: Phase | None = None
    """Where the trouble was, for exit conditions."""
    lost: bool = False
    """Whether the attempt vanished without a trace, as when a node is lost."""
    container: ContainerInfo | None = None
    """The container it ran in."""


@dataclass(frozen=True, slots=True)
class ResumeAfter:
    """An attempt that goes on when so much time has passed by the service's clock."""

    attempt_id: int
    span: timedelta
    """Counted from the start of the attempt."""
    resume: Callable[[], None]
    """Called once, on the engine's thread; not at all if the attempt has ended by then."""


class Phase(StrEnum):
    """When in an attempt something went wrong."""

    BEFORE = "preProcessingError"
    AFTER = "fileUploadError"


class Runner(Protocol):
    """Runs attempts. Calls return at once; reports come through ``listen``'s callback."""

    def listen(self, report: Callable[[Ended | ResumeAfter], None]) -> None:
        """Take the callback for reports; called once, before the first attempt."""

    def start(self, spec: AttemptSpec) -> None:
        """Begin an attempt."""

    def stop(self, attempt_id: int, *, grace: timedelta, upload: bool) -> None:
        """End an attempt early: ask, then kill; upload what the conditions say if ``upload``."""

    def remove(self, area: Area) -> None:
        """Delete a folder of a task or a node; its name is free for another when this returns."""

    def close(self) -> None:
        """End everything and wait until nothing is left."""


@runtime_checkable
class Fetching(Runner, Protocol):
    """A runner that can have images at hand before a task asks for them."""

    def fetch(self, attempt_id: int, images: tuple[Container, ...]) -> None:
        """Begin to fetch images; answered by one ``Ended``, with a failure if one cannot be had."""


@runtime_checkable
class Predictable(Runner, Protocol):
    """A runner whose attempts take no time but the service's, so that whoever turns a clock can wait."""

    def wait(self) -> bool:
        """Return when nothing goes on without a turn of the clock; tell whether anything did.

        :raises TimeoutError: if it takes far too long
        """
