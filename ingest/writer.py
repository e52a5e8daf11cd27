"""Writes blobs to the ``data`` container, with limits of concurrent calls and of bytes in memory."""

from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Self

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.storage.blob import ContentSettings

from ingest.errors import StorageFailed
from ingest.hour_files import label_blob
from scoring_contract.layout import pack_of_readings, readings_folder, sensor_of_readings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from azure.storage.blob import ContainerClient

    from ingest.hour_files import HourBlob
    from scoring_contract.hour import RunHour

_THREADS = 8  # below the ten pooled connections of the client; more threads would open and close others
_CALLS_AT_ONCE = 64
_BYTES_AT_ONCE = 1 << 26


@dataclass(frozen=True, slots=True)
class Written:
    """Result of calls."""

    blobs: int = 0
    """Number of blobs of this source."""
    kept: int = 0
    """Number of these that an earlier load had already written with the same content."""
    removed: int = 0
    """Number of blobs of other sources that were removed."""

    def __add__(self, other: Written) -> Written:
        return Written(self.blobs + other.blobs, self.kept + other.kept, self.removed + other.removed)


@dataclass(slots=True)
class _Hour:
    """An hour in progress."""

    found: Future[dict[str, bytes]]
    """Existing blobs with readings: name to the MD5 digest of their content."""
    names: set[str] = field(default_factory=set)
    """Our blobs."""


class Writer:
    """Writes blobs to a container, hour by hour."""

    def __init__(self, container: ContainerClient) -> None:
        self._container = container
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="ingest")
        self._calls: deque[tuple[Future[Written], int]] = deque()
        self._bytes = 0
        self.written = Written()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def take_over(
        self, blobs: Iterable[HourBlob], on_blob: Callable[[HourBlob], None], *, keep_labels: bool
    ) -> None:
        """Write blobs, then remove all other blobs with readings from their hours.

        A blob that exists with the same content is not sent again, so an interrupted load continues where it
        stopped.

        :param blobs: ordered by hour
        :param on_blob: called for each blob
        :param keep_labels: whether to keep the labels of the hours
        :raises StorageFailed: if Blob Storage refuses or does not answer
        """
        current: tuple[RunHour, _Hour] | None = None
        for blob in blobs:
            if current is None or current[0] != blob.hour:
                self._finish(current, keep_labels=keep_labels)
                current = blob.hour, _Hour(self._pool.submit(self._find, blob.hour))
            current[1].names.add(blob.name)
            self._submit(partial(self._put_anew, blob, current[1].found), len(blob.data))
            on_blob(blob)
        self._finish(current, keep_labels=keep_labels)
        self.wait()

    def upload(self, blobs: Iterable[HourBlob]) -> None:
        """Write blobs unconditionally; :attr:`written` does not count them.

        :raises StorageFailed: if Blob Storage refuses or does not answer
        """
        for done in [self._pool.submit(self._put, blob, _digest(blob)) for blob in blobs]:
            done.result()

    def wait(self, *, calls: int = 0, room: int | None = None) -> None:
        """Wait until at most ``calls`` calls are in progress.

        :param room: bytes that must fit into memory in addition to those in progress
        :raises StorageFailed: if a finished call has failed
        """
        while len(self._calls) > calls or (
            self._calls and room is not None and self._bytes + room > _BYTES_AT_ONCE
        ):
            future, size = self._calls.popleft()
            self._bytes -= size
            self.written += future.result()

    def _submit(self, call: Callable[[], Written], size: int = 0) -> None:
        self.wait(calls=_CALLS_AT_ONCE, room=size)
        self._calls.append((self._pool.submit(call), size))
        self._bytes += size

    def _finish(self, current: tuple[RunHour, _Hour] | None, *, keep_labels: bool) -> None:
        """Remove the blobs of other sources from an hour, after all of ours are written."""
        if current is None:
            return
        hour, state = current
        writes = [future for future, _ in self._calls]
        self._submit(partial(self._clear, hour, state, writes, keep_labels=keep_labels))

    def _clear(
        self, hour: RunHour, state: _Hour, writes: list[Future[Written]], *, keep_labels: bool
    ) -> Written:
        for write in writes:
            write.result()
        others = sorted(state.found.result().keys() - state.names)
        for name in others if keep_labels else (*others, label_blob(hour)):
            self._delete(name)
        return Written(removed=len(others))

    def _put_anew(self, blob: HourBlob, found: Future[dict[str, bytes]]) -> Written:
        digest = _digest(blob)
        if found.result().get(blob.name) == digest:
            return Written(blobs=1, kept=1)
        return self._put(blob, digest)

    def _put(self, blob: HourBlob, digest: bytes) -> Written:
        settings = ContentSettings(content_type="text/csv; charset=utf-8", content_md5=bytearray(digest))
        with _failing_as(f"write {blob.name}"):
            self._container.upload_blob(blob.name, blob.data, overwrite=True, content_settings=settings)
        return Written(blobs=1)

    def _find(self, hour: RunHour) -> dict[str, bytes]:
        folder = readings_folder(hour)
        with _failing_as(f"list {folder}"):
            return {
                blob.name: bytes(blob.content_settings.content_md5 or b"")
                for blob in self._container.list_blobs(name_starts_with=folder)
                if sensor_of_readings(blob.name) or pack_of_readings(blob.name)
            }

    def _delete(self, name: str) -> None:
        with _failing_as(f"delete {name}"), suppress(ResourceNotFoundError):
            self._container.delete_blob(name)


def _digest(blob: HourBlob) -> bytes:
    return hashlib.md5(blob.data, usedforsecurity=False).digest()


@contextmanager
def _failing_as(action: str) -> Iterator[None]:
    try:
        yield
    except HttpResponseError as error:
        said = getattr(error, "error_code", None)
        # Known codes are members of an enumeration, whose str() is not the value; unknown codes are strings.
        code = getattr(said, "value", said) or error.reason or type(error).__name__
        status = f" (status {error.status_code})" if error.status_code else ""
        raise StorageFailed(action, f"{code}{status}") from error
    except AzureError as error:
        raise StorageFailed(action, type(error).__name__) from error
