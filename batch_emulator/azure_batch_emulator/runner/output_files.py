"""Uploads after a command ended: under which condition, the PUTs, and the log of them."""

from __future__ import annotations

import io
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Protocol
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from azure_batch_emulator.confined.names import printable
from azure_batch_emulator.runner.errors import AttemptFailed, without_query
from azure_batch_emulator.runner.folders import write_output
from azure_batch_emulator.runner.interface import OutputFile, UploadCondition
from azure_batch_emulator.runner.output_sources import sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from azure_batch_emulator.records.tasks import Failure
    from azure_batch_emulator.runner.interface import AttemptSpec

_API_VERSION = "2021-12-02"
_ATTEMPTS = 3
_PAUSE_SECONDS = 0.3
_CHUNK = 1 << 18


def wanted(file: OutputFile, *, succeeded: bool) -> bool:
    """Tell whether a file is to be uploaded after this end."""
    own = UploadCondition.SUCCESS if succeeded else UploadCondition.FAILURE
    return file.condition in {own, UploadCondition.COMPLETION}


def due(
    spec: AttemptSpec, *, code: int | None, stopped: bool = False, even_if_stopped: bool = False
) -> list[OutputFile]:
    """List the files to upload after an end: none before another try, and after a stop only if asked to."""
    again = code != 0 and spec.may_be_retried and not stopped
    if again or (stopped and not even_if_stopped):
        return []
    return [file for file in spec.output_files if wanted(file, succeeded=code == 0 and not stopped)]


class Content(Protocol):
    """Something to send, that can be opened again for another try."""

    @property
    def name(self) -> str:
        """Tell what it is called where it comes from."""

    def open(self) -> BinaryIO:
        """Open it.

        :raises OSError: if it cannot be read
        """


@contextmanager
def _sized(source: Content) -> Iterator[tuple[Iterator[bytes], int]]:
    """Open a file for sending: as many bytes as it has now, even if it still grows."""
    with source.open() as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        yield _pieces(file, size), size


def _pieces(file: BinaryIO, left: int) -> Iterator[bytes]:
    while left > 0:
        piece = file.read(min(_CHUNK, left))
        if not piece:
            return
        left -= len(piece)
        yield piece


class Uploads:
    """Puts output files into Blob containers by their SAS URLs."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def deliver(self, spec: AttemptSpec, files: Iterable[OutputFile]) -> Failure | None:
        """Upload files of an attempt and write its upload logs; return what went wrong, None if nothing."""
        log: list[str] = []
        failure = self._send_all(spec, files, log)
        try:
            write_output(spec, "fileuploadout.txt", "".join(log))
            write_output(spec, "fileuploaderr.txt", "" if failure is None else _line(failure))
        except OSError as problem:
            return failure or _unreadable("fileuploadout.txt", problem).failure
        return failure

    def _send_all(self, spec: AttemptSpec, files: Iterable[OutputFile], log: list[str]) -> Failure | None:
        try:
            for file in files:
                self._send(file, spec, log)
        except AttemptFailed as trouble:
            return trouble.failure
        return None

    def _send(self, file: OutputFile, spec: AttemptSpec, log: list[str]) -> None:
        if file.denial is not None:
            raise AttemptFailed.user("FileUploadAccessDenied", file.denial)
        count = 0
        for source, blob in sources(file, spec):
            self.put(source, blob, file)
            name = printable(source.name.rpartition("/")[2])
            log.append(f"uploaded {name} to {without_query(file.container_url)}/{blob}\n")
            count += 1
        if count == 0:
            log.append(f"nothing matches {file.pattern}\n")

    def put(self, content: Content, blob: str, file: OutputFile) -> None:
        """Upload one file to where an output file goes.

        :raises AttemptFailed: if it cannot be uploaded
        """
        self._put(content, _blob_url(file.container_url, blob), dict(file.headers))

    def _put(self, source: Content, url: str, extra: Mapping[str, str]) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._put_once(source, url, extra)
            except (httpx.HTTPError, httpx.InvalidURL) as problem:
                if attempt == _ATTEMPTS or not _passing(problem):
                    raise _trouble(url, problem) from None
                time.sleep(_PAUSE_SECONDS * attempt)
            except (OSError, ValueError) as problem:  # a name with a NUL is a ValueError
                raise _unreadable(source.name, problem) from None
            else:
                return

    def _put_once(self, source: Content, url: str, extra: Mapping[str, str]) -> None:
        with _sized(source) as (content, size):
            headers = {
                **extra,
                "x-ms-blob-type": "BlockBlob",
                "x-ms-version": _API_VERSION,
                "Content-Length": str(size),
            }
            self._client.put(url, content=content, headers=headers).raise_for_status()


def _line(failure: Failure) -> str:
    details = ", ".join(f"{name}: {value}" for name, value in failure.details)
    return f"{failure.code}: {failure.message} ({details})\n"


def _unreadable(name: str, problem: Exception) -> AttemptFailed:
    reason = getattr(problem, "strerror", None) or str(problem)
    message = "An output file could not be read"
    return AttemptFailed.user("FileUploadMiscError", message, FilePath=printable(name), Reason=reason)


def _blob_url(container: str, blob: str) -> str:
    base = urlsplit(container)
    return urlunsplit(base._replace(path=f"{base.path.rstrip('/')}/{quote(blob)}"))


def _passing(problem: Exception) -> bool:
    if isinstance(problem, httpx.HTTPStatusError):
        return problem.response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
    return isinstance(problem, httpx.TransportError)


def _trouble(url: str, problem: Exception) -> AttemptFailed:
    where = without_query(url)
    if isinstance(problem, httpx.HTTPStatusError):
        status = problem.response.status_code
        if status == httpx.codes.NOT_FOUND:
            message = "The specified output container does not exist"
            return AttemptFailed.user("FileUploadContainerNotFound", message, Url=where)
        if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            message = "Access to the specified output container is denied"
            return AttemptFailed.user("FileUploadAccessDenied", message, Url=where)
    message = "Miscellaneous error encountered while uploading an output file"
    reason = f"{type(problem).__name__}: {problem}".replace(url, where)
    return AttemptFailed.user("FileUploadMiscError", message, Url=where, Reason=reason)
