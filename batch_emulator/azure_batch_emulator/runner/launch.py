"""How a task's container, or what stands for one, becomes a program to start and is cleared away after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from azure_batch_emulator.records.tasks import ContainerInfo, Failure
    from azure_batch_emulator.runner.interface import AttemptSpec, Container


@dataclass(frozen=True, slots=True)
class Launch:
    """A program for the supervisor to start."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    undo: Sequence[str] = ()
    """A program that ends what killing the first one leaves running, should the emulator be gone by then."""


@dataclass(frozen=True, slots=True)
class ContainerResult:
    """What a container left when it ended."""

    info: ContainerInfo
    exit_code: int | None = None
    """How its command ended; None if it never ran, or was running to the last."""
    failure: Failure | None = None
    """Why its command never ran."""


class Containers(Protocol):
    """What runs tasks that name an image. Called from many threads."""

    def begin(self) -> None:
        """Clear away what an emulator before this one left on the same data folder, which is ours by now."""

    def check(self, spec: AttemptSpec, argv: Sequence[str]) -> None:
        """Check an attempt before anything is done for it.

        :raises AttemptFailed: if it cannot be carried out
        """

    def launch(self, spec: AttemptSpec, argv: Sequence[str], environment: Mapping[str, str]) -> Launch:
        """Make everything ready for a command whose folders and files are there.

        :raises AttemptFailed: if the container cannot be made
        """

    def has(self, attempt_id: int) -> bool:
        """Tell whether an attempt runs where signals to its process do not reach."""

    def ask_to_end(self, attempt_id: int) -> None:
        """Send SIGTERM to the command of an attempt, if it runs."""

    def end(self, attempt_id: int) -> ContainerResult | None:
        """Remove the container of an attempt, running or not; None if it has none."""

    def fetch(self, images: Iterable[Container]) -> None:
        """Have images at hand before a task asks for them.

        :raises AttemptFailed: at the first that cannot be had
        """

    def close(self) -> None:
        """Remove every container."""
