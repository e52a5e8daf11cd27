"""The emulator installed as a package of its own, without the rest of this repository."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

from local_stack.bootstrap import ROOT, VENV, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.clients
KEY = "c29tZSBrZXk="


def installed(folder: Path, *options: str) -> Path:
    """Install the package into an environment of its own; return the folder of its commands."""
    run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
    target = ["--python", str(folder / "bin" / "python"), str(ROOT / "batch_emulator")]
    run([str(VENV / "bin" / "uv"), "pip", "install", "--quiet", *options, *target])
    return folder / "bin"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package with all its dependencies."""
    return installed(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def bare_programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package without its dependencies."""
    return installed(tmp_path_factory.mktemp("bare"), "--no-deps")


@pytest.fixture
def endpoint(programs: Path, tmp_path: Path) -> Iterator[str]:
    """Start the emulator; return the address it listens on."""
    command = [str(programs / "azure-batch-emulator"), "--account", "local", "--data", str(tmp_path)]
    environ = {"AZURE_BATCH_EMULATOR_KEY": KEY, "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen(command, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())["endpoint"]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_the_installed_program_serves_the_sdk(endpoint: str) -> None:
    """It starts without this repository and serves an account without pools."""
    with BatchClient(endpoint, AzureNamedKeyCredential("local", KEY)) as client:
        assert list(client.list_pools()) == []


@pytest.mark.parametrize("environment", ["programs", "bare_programs"])
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["check", "formula.txt"], id="check"),
        pytest.param(["eval", "formula.txt"], id="eval"),
        pytest.param(
            ["simulate", "--formula", "formula.txt", "--tasks", "4", "--days", "0.125"], id="simulate"
        ),
    ],
)
def test_the_installed_lab_runs(
    request: pytest.FixtureRequest, tmp_path: Path, environment: str, arguments: list[str]
) -> None:
    """The lab is part of the package and needs nothing else."""
    (tmp_path / "formula.txt").write_text("$TargetDedicatedNodes = 1;")
    command = [str(request.getfixturevalue(environment) / "azure-batch-lab"), *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
