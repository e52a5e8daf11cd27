"""docker-compose.yaml, run by Compose with images of this machine and on free ports."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from local_stack.bootstrap import ROOT
from local_stack.env_file import complete
from local_stack.services.azurite import KEY
from local_stack.services.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

AIRFLOW = ("api-server", "scheduler", "dag-processor", "triggerer")
CHOSEN = {
    "SENSOR_SCORING_POLL_SECONDS": "1",
    "SENSOR_SCORING_RETRY_DELAY_SECONDS": "2",
    # Azurite's own key, as this machine's side of the tests knows no other.
    "BLOB_ACCOUNT_KEY": KEY,
}
"""Lines of ``.env`` that make runs short."""
PUBLISHED = {"api-server": 8080, "azurite": 10000, "batch-emulator": 8900}


def compose_command() -> list[str]:
    """Return the command of Compose, the oldest one that is there; empty if there is none."""
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return ["docker", "compose"] if plugin.returncode == 0 else []


@dataclass(frozen=True, slots=True)
class Composed:
    """A project of Compose.

    :param folder: with the file, as it is run, and its ``.env``
    :param ports: published port of each service that has one
    """

    folder: Path
    name: str
    ports: Mapping[str, int]

    def __call__(self, *arguments: str) -> str:
        """Run a subcommand; return what it prints.

        :raises AssertionError: with what it says, if it fails
        """
        done = subprocess.run(
            [*compose_command(), "--project-name", self.name, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout

    @property
    def network(self) -> str:
        """Name of its network."""
        return f"{self.name}_default"

    def url(self, service: str) -> str:
        """Return the address of a service."""
        return f"http://127.0.0.1:{self.ports[service]}"

    @property
    def values(self) -> dict[str, str]:
        """What ``.env`` sets."""
        lines = (self.folder / ".env").read_text().splitlines()
        return {name: value.strip("'") for name, value in (line.split("=", 1) for line in lines)}


def composed(
    folder: Path,
    images: Mapping[str, str],
    chosen: Mapping[str, str],
    *,
    network: str = "",
    environment: Mapping[str, str] | None = None,
) -> Composed:
    """Prepare a project.

    :param images: image of each service
    :param chosen: lines of ``.env`` in place of generated ones, or beside them
    :param network: of another project, to use instead of one of its own
    :param environment: more of it, for each Airflow process
    """
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in chosen.items()))
    complete(folder / ".env")
    ports = {name: free_port() for name in PUBLISHED}
    text = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
    for name, service in text["services"].items():
        service["image"] = images[name]
        service.pop("build", None)
        if "AIRFLOW__CORE__EXECUTOR" in service.get("environment", ()):
            service["environment"] |= environment or {}
        if name in ports:
            service["ports"] = [f"127.0.0.1:{ports[name]}:{PUBLISHED[name]}"]
    if network:
        text["networks"] = {"default": {"external": {"name": network}}}
    (folder / "docker-compose.yaml").write_text(json.dumps(text))
    return Composed(folder, f"imagetests{os.getpid()}{folder.name}", ports)


def configuration(project: Composed) -> dict[str, Any]:
    """Return the file as Compose understands it."""
    return dict(yaml.safe_load(project("config")))
