"""Planted secrets, and a search for them in everything that a run leaves behind."""

from __future__ import annotations

import gzip
import json
import re
import threading
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import psutil
import psycopg2
from psycopg2 import sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from azure.batch import BatchClient

    from local_stack.services.azurite import BlobStorage

_SIGNATURE = re.compile(rb"\bsig=[A-Za-z0-9%+/]{20,}")
_TABLES = "select table_name from information_schema.tables where table_schema = 'public' order by 1"
_PAUSE_SECONDS = 0.02


@dataclass(frozen=True)
class Canaries:
    """Secrets by their names, and any signature of Blob Storage."""

    secrets: Mapping[str, str]

    def in_bytes(self, data: bytes) -> set[str]:
        """Name the secrets in some bytes: as they are, quoted as in a URL or in JSON, or compressed."""
        found = set()
        for text in _opened(data):
            found |= {name for name, secret in self.secrets.items() if any(f in text for f in _forms(secret))}
            found |= {"a signature"} if _SIGNATURE.search(text) else set()
        return found

    def among(self, places: Iterable[tuple[str, bytes]]) -> list[str]:
        """Say where which secrets are, a line each."""
        return [f"{place}: {name}" for place, data in places for name in sorted(self.in_bytes(data))]


def _opened(data: bytes) -> Iterator[bytes]:
    yield data
    with suppress(OSError, EOFError, zlib.error):
        yield gzip.decompress(data)
    with suppress(zlib.error):
        yield zlib.decompress(data)


def _forms(secret: str) -> set[bytes]:
    return {
        form.encode() for form in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1], unquote(secret))
    }


def in_database(url: str) -> Iterator[tuple[str, bytes]]:
    """Yield the cells of all tables of a PostgreSQL.

    :param url: as SQLAlchemy takes it
    """
    connection = psycopg2.connect(url.replace("+psycopg2", ""))
    try:
        with connection.cursor() as cursor:
            cursor.execute(_TABLES)
            for (table,) in cursor.fetchall():
                cursor.execute(sql.SQL("select * from {}").format(sql.Identifier(table)))
                names = [column.name for column in cursor.description or ()]
                for row in cursor.fetchall():
                    yield from (
                        (
                            f"{table}.{name}",
                            bytes(cell) if isinstance(cell, memoryview) else str(cell).encode(),
                        )
                        for name, cell in zip(names, row, strict=True)
                    )
    finally:
        connection.close()


def in_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files below a folder; one that is gone meanwhile is left out."""
    for file in sorted(folder.rglob("*")):
        with suppress(FileNotFoundError):
            if file.is_file():
                yield str(file.relative_to(folder.parent)), file.read_bytes()


def in_blobs(storage: BlobStorage, *containers: str) -> Iterator[tuple[str, bytes]]:
    """Yield names, metadata and contents of all blobs of some containers."""
    for name in containers:
        with storage.container(name) as container:
            for blob in container.list_blobs(include=["metadata"]):
                place = f"{name}/{blob.name}"
                yield place, f"{place} {blob.metadata}".encode()
                yield place, container.download_blob(blob.name).readall()


def in_batch(client: BatchClient, *, jobs: str) -> Iterator[tuple[str, bytes]]:
    """Yield pools, nodes, and jobs of a prefix with their tasks as Azure Batch describes them.

    Where a signature has to be is left out: a task's environment, and where its output goes.
    """
    for pool in client.list_pools():
        yield f"pool {pool.id}", _text(pool.as_dict())
        for node in client.list_nodes(pool.id):
            yield f"node {node.id}", _text(node.as_dict())
    for job in client.list_jobs():
        if job.id.startswith(jobs):
            yield f"job {job.id}", _text(job.as_dict())
            for task in client.list_tasks(job.id):
                yield f"task {task.id}", _text(without_grants(task.as_dict()))


def without_grants(task: dict[str, Any]) -> dict[str, Any]:
    """Return a Batch task without its environment and the URLs its output goes to."""
    outputs = [
        {**file, "destination": {"container": {**file["destination"]["container"], "containerUrl": ""}}}
        for file in task.get("outputFiles") or ()
    ]
    return {**task, "environmentSettings": [], "outputFiles": outputs}


def _text(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, default=str).encode()


@contextmanager
def watched_processes() -> Iterator[dict[str, bytes]]:
    """Collect the command lines of all processes below this one, again and again until the end."""
    seen: dict[str, bytes] = {}
    done = threading.Event()

    def look() -> None:
        while not done.wait(_PAUSE_SECONDS):
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):
                    words = process.cmdline()
                    seen[f"process {process.pid} {' '.join(words)[:40]}"] = "\0".join(words).encode()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()
