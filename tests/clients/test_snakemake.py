"""Snakemake with its plugin for Azure Batch, as published: it knows Azure's addresses alone."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from local_stack.bootstrap import python_of
from tests.clients.azure_names import azure_names
from tests.clients.conftest import HERE, HOST, environment_of, said
from tests.support.token_endpoint import token_endpoint

if TYPE_CHECKING:
    from pathlib import Path

    from azure_batch_emulator.server import EmulatorServer
    from tests.support.certificates import Certificate

pytestmark = pytest.mark.clients

IMAGE = "local/snakemake:1"
COPY = 'while [ $# -gt 2 ]; do shift; done; exec cp -Lpr "$1" "$2"'
"""What its storage plugin uses ``rsync`` for, which not every machine has."""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder that stands for the image: Snakemake with its plugins, and what it calls."""
    folder = tmp_path_factory.mktemp("image")
    (folder / "bin").mkdir()
    python = python_of(environment_of("snakemake"))
    scripts = {
        "python": f'exec {python} "$@"',
        "pip": "exit 0  # it would install the plugins, which are there",
        "rsync": COPY,
    }
    for name, script in scripts.items():
        program = folder / "bin" / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    return folder


@pytest.fixture
def images(programs: Path) -> dict[str, Path]:
    """Give the emulator the image."""
    return {IMAGE: programs}


def test_snakemake_runs_a_workflow(
    emulator: EmulatorServer, certificate: Certificate, programs: Path, tmp_path: Path
) -> None:
    """It makes a pool through Azure Resource Manager, a task for each rule, and deletes all of it."""
    workflow, store = tmp_path / "workflow", tmp_path / "store"
    workflow.mkdir()
    shutil.copy(HERE / "snakemake" / "Snakefile", workflow)
    settings = emulator.settings
    options = {
        "executor": "azure-batch",
        "jobs": "2",
        "directory": str(workflow),
        "snakefile": str(workflow / "Snakefile"),
        "azure-batch-account-url": f"https://{HOST}",
        "azure-batch-subscription-id": settings.subscription,
        "azure-batch-resource-group-name": settings.resource_group,
        "container-image": IMAGE,
        "default-storage-provider": "fs",
        "default-storage-prefix": str(store),
        "seconds-between-status-checks": "1",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    with azure_names(emulator.endpoint) as proxy, token_endpoint() as identity:
        environ = {
            **proxy,
            **identity,
            "PATH": f"{programs / 'bin'}:/usr/bin:/bin",
            "REQUESTS_CA_BUNDLE": str(certificate.authority),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "AZURE_CONFIG_DIR": str(tmp_path / "az"),
        }
        said([str(programs / "bin" / "python"), "-m", "snakemake", *words], environ)
    assert (store / "shouted.txt").read_text() == "HELLO\n"
    requests = emulator.requests()
    assert [requests.count(name) for name in ("pool_create", "create_task")] == [1, 2]
    assert [requests.count(name) for name in ("delete_job", "delete_pool")] == [1, 1]
