"""How an attempt becomes a container: the arguments of the engine's ``create``, and the file of variables."""

from __future__ import annotations

import csv
import io
import os
import shlex
from typing import TYPE_CHECKING

from azure_batch_emulator.runner.errors import AttemptFailed
from azure_batch_emulator.runner.interface import Bind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from azure_batch_emulator.runner.interface import AttemptSpec, Container

_LONGEST_LINE = 60_000
"""Engines read a file of variables line by line, up to 64 KiB each."""


def create_arguments(
    spec: AttemptSpec, container: Container, argv: Sequence[str], *, image: str, label: str, env_file: Path
) -> list[str]:
    """Write the arguments that make the container of an attempt.

    The task's own run options come last, right before the image: where an option may be given once,
    the engine takes the last.

    :raises AttemptFailed: if the run options cannot be split
    """
    options = _run_options(container)
    ours = ["--init", "--name", f"batch-{label[-8:]}-{spec.attempt_id}", "--label", label]
    if not container.is_admin:
        ours += ["--user", f"{os.getuid()}:{os.getgid()}"]
    if not any(option.partition("=")[0] in {"--network", "--net"} for option in options):
        # Storage and the emulator listen on this machine's loopback, which a bridge does not reach.
        ours += ["--network", "host"]
    for bind in (*container.binds, *_linked(spec, container)):
        ours += ["--mount", _mount(bind)]
    if container.in_task_directory:
        ours += ["--workdir", str(spec.directory / "wd")]
    ours += ["--env-file", str(env_file)]
    for name in inherited(spec.environment):
        ours += ["--env", name]
    return [*ours, *options, image, *argv]


def file_text(environment: Mapping[str, str]) -> str:
    """Write the variables that fit on a line each, for ``--env-file``."""
    lines = [f"{name}={value}\n" for name, value in environment.items() if _fits(name, value)]
    return "".join(lines)


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Choose the variables that a file cannot hold: long ones, and those of several lines."""
    return {name: value for name, value in environment.items() if not _fits(name, value)}


def _fits(name: str, value: str) -> bool:
    plain = not any(sign in value for sign in "\n\r\0")
    return plain and not name.startswith("#") and len(name) + len(value) < _LONGEST_LINE


def _run_options(container: Container) -> list[str]:
    try:
        options = shlex.split(container.run_options)
    except ValueError as problem:
        message = "The containerRunOptions cannot be split into arguments"
        raise AttemptFailed.user("ContainerInvalidSettings", message, Reason=str(problem)) from None
    # Every container is removed after its end; by itself it would go before anybody could look at it.
    return [option for option in options if option != "--rm"]


def _linked(spec: AttemptSpec, container: Container) -> list[Bind]:
    """List the folders that links lead to, as far as the container sees the links."""
    seen = {
        link.folder: Bind(link.folder, is_read_only=bind.is_read_only)
        for bind in container.binds
        for link in spec.links
        if link.path.is_relative_to(bind.folder)
    }
    return list(seen.values())


def _mount(bind: Bind) -> str:
    fields = ["type=bind", f"source={bind.folder}", f"target={bind.folder}"]
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([*fields, *(["readonly"] if bind.is_read_only else [])])
    return line.getvalue()
