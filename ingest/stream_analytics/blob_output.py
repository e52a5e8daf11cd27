"""Writes rows of an output into blobs, as the service does: batches into files that grow.

A new file begins for each folder, after a restart, when a file has 50,000 blocks, and when somebody has
deleted it; of Parquet every batch is a file:
https://learn.microsoft.com/azure/stream-analytics/blob-storage-azure-data-lake-gen2-output Files are named
``<hash of the schema>_<GUID of this start>_<number>.<format>``.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, ResourceNotFoundError

from ingest.stream_analytics.definition.path_pattern import PathRefused
from ingest.stream_analytics.errors import JobFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from azure.storage.blob import ContainerClient

    from ingest.stream_analytics.definition.job import Output
    from ingest.stream_analytics.definition.serialization import Columns, Row

BLOCK_BYTES = 4 * 1024 * 1024
BLOCKS = 50_000
_FILES = 8_000
"""Files that are remembered; with more folders than that, the service begins a new file for each, too."""
_WRITERS = 8


@dataclass(slots=True)
class _File:
    name: str
    blocks: int = 0


class BlobOutput:
    """Writes the rows of one output.

    :param columns: names and types of its rows
    :param start: differs for each start of the job
    """

    def __init__(
        self,
        output: Output,
        columns: Columns,
        container: ContainerClient,
        start: UUID,
        *,
        blocks: int = BLOCKS,
    ) -> None:
        self._output = output
        self._columns = columns
        self._container = container
        self._start = start
        self._blocks = blocks
        self._numbers = itertools.count(1)
        self._pool = ThreadPoolExecutor(_WRITERS, thread_name_prefix=output.name)
        self._files: OrderedDict[str, _File] = OrderedDict()
        names = [name.lower() for name, _ in columns]
        column = output.path.column
        if column and column.lower() not in names:
            raise JobFailed(f"the query gives {output.name} no column {column}, which its path pattern names")
        self._place = names.index(column.lower()) if column else -1

    def folders(self, rows: Sequence[Row]) -> tuple[dict[str, list[Row]], list[str]]:
        """Sort rows into folders.

        :param rows: each with its ``System.Timestamp()`` last
        :return: rows without it by folder, and why others have none
        """
        found: dict[str, list[Row]] = {}
        refused = []
        for *values, time in rows:
            try:
                folder = self._output.path.folder(int(time or 0), values[self._place])
            except PathRefused as error:
                refused.append(str(error))
            else:
                found.setdefault(folder, []).append(tuple(values))
        return found, refused

    def write(self, folders: dict[str, list[Row]]) -> None:
        """Write rows, all of them or an error.

        :raises JobFailed: if the storage refuses or does not answer
        """
        jobs = [
            self._pool.submit(self._append, folder, rows, self._file(folder))
            for folder, rows in folders.items()
        ]
        wait(jobs)
        try:
            for job in jobs:
                job.result()
        except AzureError as error:
            raise JobFailed(f"the output {self._output.name} cannot be written: {error}") from error
        while len(self._files) > _FILES:
            self._files.popitem(last=False)

    def _file(self, folder: str) -> _File:
        file = self._files.setdefault(folder, _File(self._name(folder)))
        self._files.move_to_end(folder)
        return file

    def _append(self, folder: str, rows: Sequence[Row], file: _File) -> None:
        if not self._output.serialization.appends:
            self._container.upload_blob(
                self._name(folder), self._output.serialization.rows(self._columns, rows)
            )
            return
        for block in self._split(rows):
            self._append_block(folder, block, file)

    def _append_block(self, folder: str, block: bytes, file: _File) -> None:
        if file.blocks >= self._blocks:
            file.name, file.blocks = self._name(folder), 0
        if file.blocks:
            try:
                self._container.get_blob_client(file.name).append_block(block)
            except ResourceNotFoundError:
                file.name, file.blocks = self._name(folder), 0
            else:
                file.blocks += 1
                return
        blob = self._container.get_blob_client(file.name)
        blob.create_append_blob()
        blob.append_block(self._output.serialization.head(self._columns) + block)
        file.blocks = 1

    def _split(self, rows: Sequence[Row]) -> Iterator[bytes]:
        """Write rows as blocks of at most 4 MiB; a row that is longer is a block of its own."""
        block = self._output.serialization.rows(self._columns, rows)
        if len(block) <= BLOCK_BYTES - 4096 or len(rows) == 1:
            yield block
            return
        middle = len(rows) // 2
        yield from self._split(rows[:middle])
        yield from self._split(rows[middle:])

    def _name(self, folder: str) -> str:
        schema = hashlib.sha256(repr(self._columns).encode()).hexdigest()[:10]
        name = f"{schema}_{self._start.hex}_{next(self._numbers)}.{self._output.serialization.format}"
        return f"{folder}/{name}" if folder else name
