"""A stand-in for a container engine's command line.

It keeps containers as files and runs their commands as processes in sessions of their own, which
survive the program that started them.

``python stand_in_engine.py STATE SUBCOMMAND ...``; STATE holds ``images`` and ``registry`` (a name a line),
``calls`` (one JSON list of arguments a line) and a JSON file for each container.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

STATE = Path(sys.argv[1])
WITH_VALUE = {
    "--name", "--label", "--user", "--network", "--mount", "--workdir", "--env-file", "--env", "--cpus",
}  # fmt: skip


def fail(sentence: str, code: int = 1) -> int:
    """Fail as engines do."""
    sys.stderr.write(f"Error response from daemon: {sentence}\n")
    return code


def listed(name: str) -> list[str]:
    """Read a list of image names."""
    return (STATE / name).read_text().split()


def container(name: str) -> Path:
    """Tell the file of a container."""
    return STATE / f"{name}.json"


def create(arguments: list[str]) -> int:
    """Keep a container with its variables, working directory and command."""
    options: dict[str, list[str]] = {}
    while arguments and arguments[0].startswith("--"):
        option = arguments.pop(0)
        if option in WITH_VALUE:
            options.setdefault(option, []).append(arguments.pop(0))
        elif option != "--init":
            return fail(f"unknown flag: {option}", 125)
    environment = {"PATH": os.environ["PATH"]}
    for file in options.get("--env-file", []):
        if Path(file).stat().st_mode & 0o077:
            return fail("others can read the variables")
        lines = Path(file).read_text().splitlines()
        for line in lines:
            name, _, value = line.partition("=")
            environment[name] = value
    environment.update((name, os.environ[name]) for name in options.get("--env", []))
    new = uuid.uuid4().hex * 2
    record = {
        "Id": new,
        "State": {"Status": "created", "Error": "", "StartedAt": "0001-01-01T00:00:00Z"},
        "labels": options.get("--label", []),
        "environment": environment,
        "cwd": options.get("--workdir", ["/"])[-1],
        "argv": arguments[1:] or ["/bin/echo", "the entry point"],
    }
    container(new).write_text(json.dumps(record))
    sys.stdout.write(f"{new}\n")
    return 0


def start(name: str) -> int:
    """Run the command of a container, pass signals on, and end with its code."""
    record = json.loads(container(name).read_text())
    try:
        process = subprocess.Popen(
            record["argv"], env=record["environment"], cwd=record["cwd"], start_new_session=True
        )
    except OSError as problem:
        record["State"]["Error"] = str(problem)
        container(name).write_text(json.dumps(record))
        return fail(str(problem), 127)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda signum, _: process.send_signal(signum))
    record["pid"], record["State"] = process.pid, {"Status": "running", "StartedAt": "2026-01-01T00:00:00Z"}
    container(name).write_text(json.dumps(record))
    code = process.wait()
    code = code if code >= 0 else 128 - code
    record["State"].update({"Status": "exited", "ExitCode": code})
    if container(name).exists():
        container(name).write_text(json.dumps(record))
    return code


def kill(name: str) -> int:
    """Ask the command of a container to end."""
    if "pid" not in json.loads(container(name).read_text()):
        return fail("the container is not running")
    os.kill(json.loads(container(name).read_text())["pid"], signal.SIGTERM)
    return 0


def remove(names: list[str]) -> int:
    """Kill and forget containers."""
    for name in names:
        record = json.loads(container(name).read_text())
        with suppress(KeyError, ProcessLookupError):
            os.killpg(record["pid"], signal.SIGKILL)
        container(name).unlink()
    return 0


def inspect(name: str) -> int:
    """Show a container."""
    if not container(name).exists():
        return fail("No such container")
    sys.stdout.write(f"[{container(name).read_text()}]")
    return 0


def ps(arguments: list[str]) -> int:
    """List containers, of a label if there is a filter."""
    label = next((word.partition("=")[2] for word in arguments if word.startswith("label=")), None)
    for file in STATE.glob("*.json"):
        if label is None or label in json.loads(file.read_text())["labels"]:
            sys.stdout.write(f"{file.stem}\n")
    return 0


def pull(name: str) -> int:
    """Put an image on the machine, if the registry has it."""
    if name not in listed("registry"):
        return fail(f"pull access denied for {name}, repository does not exist")
    with (STATE / "images").open("a") as images:
        images.write(f"{name}\n")
    return 0


def main(arguments: list[str]) -> int:
    """Do one subcommand."""
    with (STATE / "calls").open("a") as calls:
        calls.write(json.dumps(arguments) + "\n")
    last = arguments[-1]
    actions: dict[tuple[str, ...], Callable[[], int]] = {
        ("create",): lambda: create(arguments[1:]),
        ("start", "--attach"): lambda: start(last),
        ("kill", "--signal", "TERM"): lambda: kill(last),
        ("container", "inspect"): lambda: inspect(last),
        ("rm", "--force", "--volumes"): lambda: remove(arguments[3:]),
        ("ps",): lambda: ps(arguments[1:]),
        ("image", "inspect"): lambda: 0 if last in listed("images") else fail("No such image"),
        ("pull",): lambda: pull(last),
    }
    for words, action in actions.items():
        if arguments[: len(words)] == list(words):
            return action()
    return fail(f"this is not known here: {arguments}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:]))
