"""Docker's or Podman's command line: find it, ask it, and read its answers. Knows nothing of tasks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import BadSetting, EmulatorError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ENGINES = ("docker", "podman")
_OWN_VARIABLES = ("DOCKER_", "CONTAINER", "REGISTRY_", "XDG_", "TMPDIR", "HOME", "PATH", "USER", "SSL_CERT_")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_CALL_SECONDS = 60.0
_PULL_SECONDS = 1800.0
_NEVER = "0001-01-01"


class EngineRefused(EmulatorError):
    """The engine did not do what it was asked to; the sentence is its own."""


@dataclass(frozen=True, slots=True)
class ContainerStatus:
    """How a container stands."""

    id: str
    state: str
    error: str
    has_run: bool
    exit_code: int | None
    """None unless its command has ended."""


class ContainerEngine:
    """One engine's command line. Safe for several threads."""

    def __init__(self, program: str, environment: Mapping[str, str]) -> None:
        self.program = program
        self.is_podman = os.path.basename(program) == "podman"  # noqa: PTH119  a name, no file
        # Of the emulator's environment the engine gets what is about engines; nothing of it reaches a task.
        self.environment = {name: value for name, value in environment.items() if _is_about_engines(name)}

    @classmethod
    def find(cls, name: str | None, environment: Mapping[str, str]) -> ContainerEngine:
        """Find an engine on PATH and see that it answers.

        :param name: ``docker`` or ``podman``; None takes the first that is there
        :raises BadSetting: if there is none, or it does not answer
        """
        wanted = ENGINES if name is None else (name,)
        found = [
            path for path in (shutil.which(each, path=environment.get("PATH")) for each in wanted) if path
        ]
        if not found:
            raise BadSetting(f"--runner container needs {' or '.join(wanted)} on PATH, and there is none")
        engine = cls(found[0], environment)
        try:
            engine.call("ps", "--quiet")
        except EngineRefused as problem:
            raise BadSetting(f"--runner container: {found[0]} does not answer ({problem})") from None
        return engine

    def create(self, arguments: Sequence[str], *, inherited: Mapping[str, str]) -> str:
        """Make a container without starting it; return its id.

        :param inherited: what ``--env NAME`` without a value takes
        :raises EngineRefused: if the arguments or the image are wrong
        """
        if self.is_podman:
            arguments = ("--http-proxy=false", *arguments)  # Docker passes none on either
        return self.call("create", *arguments, inherited=inherited).split()[-1]

    def starting(self, container: str) -> list[str]:
        """Write the command that starts a container, passes on output and signals, and ends with its code."""
        return [self.program, "start", "--attach", container]

    def removing(self, containers: Iterable[str]) -> list[str]:
        """Write the command that removes containers, running or not."""
        return [self.program, "rm", "--force", "--volumes", *containers]

    def status(self, container: str) -> ContainerStatus | None:
        """Look at a container; None if there is none."""
        try:
            found = json.loads(self.call("container", "inspect", container))
        except EngineRefused:
            return None
        state: dict[str, Any] = found[0]["State"]
        has_run = not str(state.get("StartedAt", _NEVER)).startswith(_NEVER)
        exit_code = state["ExitCode"] if has_run and state["Status"] == "exited" else None
        return ContainerStatus(found[0]["Id"], state["Status"], state.get("Error") or "", has_run, exit_code)

    def remove(self, containers: Sequence[str]) -> None:
        """Remove containers, running or not.

        :raises EngineRefused: if the engine would not
        """
        if containers:
            self._run(self.removing(containers), self.environment, _CALL_SECONDS)

    def labelled(self, label: str) -> list[str]:
        """List the containers with a label, running or not."""
        return self.call("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={label}").split()

    def has_image(self, image: str) -> bool:
        """Tell whether an image is on this machine."""
        try:
            self.call("image", "inspect", image)
        except EngineRefused:
            return False
        return True

    def pull(self, image: str) -> None:
        """Fetch an image from its registry.

        :raises EngineRefused: if it cannot be had
        """
        self._run([self.program, "pull", image], self.environment, _PULL_SECONDS)

    def call(self, *arguments: str, inherited: Mapping[str, str] | None = None) -> str:
        """Run one subcommand; return what it printed.

        :raises EngineRefused: if it failed
        """
        return self._run([self.program, *arguments], {**(inherited or {}), **self.environment}, _CALL_SECONDS)

    @staticmethod
    def _run(argv: Sequence[str], environment: Mapping[str, str], seconds: float) -> str:
        try:
            done = subprocess.run(  # noqa: S603  an argument list, no shell
                argv,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
                check=False,
                start_new_session=True,  # a terminal's Ctrl-C is for the emulator
            )
        except (OSError, ValueError, subprocess.TimeoutExpired) as problem:
            raise EngineRefused(str(problem)) from None
        if done.returncode:
            raise EngineRefused(" ".join(done.stderr.decode(errors="replace").split()) or "without a word")
        return done.stdout.decode(errors="replace")


def _is_about_engines(name: str) -> bool:
    return name.startswith(_OWN_VARIABLES) or name.upper() in _PROXIES
