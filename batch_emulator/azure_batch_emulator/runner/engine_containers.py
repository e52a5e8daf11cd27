"""Runs tasks that name an image in real containers, by an engine's command line.

A container is made by a call of its own, and what the supervisor starts is ``start --attach``: it passes
output and signals on, and ends with the container's exit code. To kill that program leaves the
container running, hence every ending removes the container; at the next start the label tells what is left.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from azure_batch_emulator.confined.folder import Area
from azure_batch_emulator.records.tasks import ContainerInfo
from azure_batch_emulator.runner.container_arguments import create_arguments, file_text, inherited
from azure_batch_emulator.runner.container_engine import ContainerEngine, ContainerStatus, EngineRefused
from azure_batch_emulator.runner.errors import AttemptFailed
from azure_batch_emulator.runner.images import canonical
from azure_batch_emulator.runner.launch import ContainerResult, Launch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from azure_batch_emulator.runner.interface import AttemptSpec, Container

_LOG = logging.getLogger(__name__)
_LABEL = "azure-batch-emulator"
_REGISTRY_SIGNS = ("dial tcp", "no such host", "connection refused", "unauthorized", "x509", "Client.Timeout")


class EngineContainers:
    """The containers of one emulator."""

    def __init__(self, engine: ContainerEngine, *, data: Path, aliases: Mapping[str, str]) -> None:
        """Prepare to run containers.

        :param data: the emulator's folder; containers carry a label made of it
        :param aliases: image names of tasks, to those of this machine
        """
        self._engine = engine
        self._folder = data / "containers"
        self._aliases = {canonical(name): local for name, local in aliases.items()}
        self._label = f"{_LABEL}={hashlib.sha256(str(data).encode()).hexdigest()[:16]}"
        self._ids: dict[int, str] = {}
        self._pulling = threading.Lock()

    def begin(self) -> None:
        """Remove the containers that an emulator before this one left."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in self._folder.iterdir():
            file.unlink()
        self._sweep()

    def check(self, spec: AttemptSpec, argv: Sequence[str]) -> None:
        """Refuse an empty command without an image, which has no entry point."""
        if spec.container is None and not argv:
            raise AttemptFailed.user("CommandLaunchFailed", "The command line is empty")

    def launch(self, spec: AttemptSpec, argv: Sequence[str], environment: Mapping[str, str]) -> Launch:
        """Make the container of an attempt, with its image pulled if need be.

        :raises AttemptFailed: if the image or the settings are of no use
        """
        if spec.container is None:
            return Launch(argv, environment)
        image = self._at_hand(spec.container)
        container = self._create(spec, spec.container, argv, image)
        self._ids[spec.attempt_id] = container
        engine = self._engine
        return Launch(engine.starting(container), engine.environment, undo=engine.removing([container]))

    def has(self, attempt_id: int) -> bool:
        """Tell whether an attempt runs in a container."""
        return attempt_id in self._ids

    def ask_to_end(self, attempt_id: int) -> None:
        """Send SIGTERM to the command of an attempt, if it runs.

        The program that started the container would pass a signal on, but some versions then end at once
        and take the rest of the output with them.
        """
        container = self._ids.get(attempt_id)
        if container is not None:
            with suppress(EngineRefused):  # it has not begun, or has ended: there is nobody to ask
                self._engine.call("kill", "--signal", "TERM", container)

    def end(self, attempt_id: int) -> ContainerResult | None:
        """Remove the container of an attempt, running or not."""
        container = self._ids.pop(attempt_id, None)
        if container is None:
            return None
        status = self._engine.status(container)
        try:
            self._engine.remove([container])
        except EngineRefused as problem:
            _LOG.warning("the container %s could not be removed: %s", container, problem)
        if status is None:
            return ContainerResult(ContainerInfo(container, "removed"))
        return _result_of(status)

    def fetch(self, images: Iterable[Container]) -> None:
        """Have images at hand before a task asks for them.

        :raises AttemptFailed: at the first that cannot be had
        """
        for image in images:
            self._at_hand(image)

    def close(self) -> None:
        """Remove every container."""
        self._sweep()

    def _sweep(self) -> None:
        try:
            self._engine.remove(self._engine.labelled(self._label))
        except EngineRefused as problem:
            _LOG.warning("containers could not be removed: %s", problem)

    def _at_hand(self, container: Container) -> str:
        image = self._aliases.get(canonical(container.image), container.image)
        if self._engine.has_image(image):
            return image
        with self._pulling:  # a thousand tasks of one image pull it once
            if not self._engine.has_image(image):
                try:
                    self._engine.pull(image)
                except EngineRefused as problem:
                    raise _not_pulled(container.image, str(problem)) from None
        return image

    def _create(self, spec: AttemptSpec, container: Container, argv: Sequence[str], image: str) -> str:
        _check_binds(spec, container)
        with self._variables(spec) as env_file:
            arguments = create_arguments(
                spec, container, argv, image=image, label=self._label, env_file=env_file
            )
            try:
                return self._engine.create(arguments, inherited=inherited(spec.environment))
            except EngineRefused as problem:
                message = "The container of the task could not be created"
                raise AttemptFailed.user("ContainerInvalidSettings", message, Reason=str(problem)) from None

    @contextmanager
    def _variables(self, spec: AttemptSpec) -> Iterator[Path]:
        """Write the task's environment where no container sees it, for as long as a container is made."""
        file = self._folder / f"{spec.attempt_id}.env"
        with suppress(FileNotFoundError):
            file.unlink()
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as lines:
                lines.write(file_text(spec.environment))
            yield file
        finally:
            file.unlink(missing_ok=True)


def _check_binds(spec: AttemptSpec, container: Container) -> None:
    """See that what a container is given is a folder of its node: the engine would follow a link."""
    for bind in container.binds:
        try:
            Area(spec.root, bind.folder).open().close()
        except OSError as problem:
            message = "A folder of the node cannot be mounted in the container"
            raise AttemptFailed.user(
                "ContainerInvalidSettings", message, Folder=bind.folder.name, Reason=problem.strerror or ""
            ) from None


def _not_pulled(image: str, reason: str) -> AttemptFailed:
    if any(sign in reason for sign in _REGISTRY_SIGNS):
        message = "The registry of the container image cannot be used"
        return AttemptFailed.user("ContainerInvalidRegistry", message, Image=image, Reason=reason)
    message = "The container image could not be pulled"
    return AttemptFailed.user("ContainerInvalidImage", message, Image=image, Reason=reason)


def _result_of(status: ContainerStatus) -> ContainerResult:
    info = ContainerInfo(status.id, status.state, status.error)
    if status.has_run or not status.error:
        return ContainerResult(info, status.exit_code)
    message = "The command could not be launched in the container"
    trouble = AttemptFailed.user("CommandLaunchFailed", message, Message=status.error)
    return ContainerResult(info, failure=trouble.failure)
