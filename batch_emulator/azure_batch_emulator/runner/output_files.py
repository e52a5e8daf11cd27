"""Uploads after a command ended: which files, under which blob names, and the PUTs."""

from __future__ import annotations

import glob
import os
import re
import time
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from azure_batch_emulator.runner.interface import OutputFile, UploadCondition
from azure_batch_emulator.runner.trouble import AttemptFailed, without_query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TextIO

    from azure_batch_emulator.records.tasks import Failure
    from azure_batch_emulator.runner.interface import Order

_WILDCARD = re.compile(r"[*?\[]")
_API_VERSION = "2021-12-02"
_ATTEMPTS = 3
_PAUSE_SECONDS = 0.3
_CHUNK = 1 << 18


def wanted(file: OutputFile, *, succeeded: bool) -> bool:
    """Tell whether a file is to be uploaded after this end."""
    own = UploadCondition.SUCCESS if succeeded else UploadCondition.FAILURE
    return file.condition in {own, UploadCondition.COMPLETION}


def due(
    order: Order, *, code: int | None, stopped: bool = False, even_if_stopped: bool = False
) -> list[OutputFile]:
    """List the files to upload after an end: none before another try, and after a stop only if asked to."""
    again = code != 0 and order.may_be_retried and not stopped
    if again or (stopped and not even_if_stopped):
        return []
    return [file for file in order.output_files if wanted(file, succeeded=code == 0 and not stopped)]


def matches(file: OutputFile, workdir: Path, environment: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """List the files a pattern means, with their blob names.

    Without a wildcard the path is the blob's name. With one it is a prefix, and what follows is
    the file's place below the last folder that the pattern names outright. Dot files need their dot.
    """
    pattern = Template(file.pattern).safe_substitute(environment)
    if not _WILDCARD.search(pattern):
        yield workdir / pattern, file.path or Path(pattern).name
        return
    base = _base(pattern)
    for found in sorted(glob.glob(pattern, root_dir=workdir, recursive=True)):  # noqa: PTH207  ``../`` and ``**`` as the agent reads them
        source = workdir / found
        if source.is_file():
            name = os.path.relpath(found, base)
            yield source, f"{file.path.rstrip('/')}/{name}" if file.path else name


def _base(pattern: str) -> str:
    fixed = pattern[: _WILDCARD.search(pattern).start()]  # type: ignore[union-attr]  # the caller looked
    return os.path.dirname(fixed) or "."  # noqa: PTH120  keeps a leading ``..``


@contextmanager
def _sized(source: Path) -> Iterator[tuple[Iterator[bytes], int]]:
    """Open a file for sending: as many bytes as it has now, even if it still grows."""
    with source.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
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

    def deliver(self, order: Order, files: Iterable[OutputFile]) -> Failure | None:
        """Upload files of an attempt and write its upload logs; return what went wrong, None if nothing."""
        with (
            (order.directory / "fileuploadout.txt").open("w", encoding="utf-8") as out,
            (order.directory / "fileuploaderr.txt").open("w", encoding="utf-8") as err,
        ):
            for file in files:
                try:
                    self.send(file, order.directory / "wd", order.environment, log=out)
                except AttemptFailed as trouble:
                    details = ", ".join(f"{name}: {value}" for name, value in trouble.failure.details)
                    err.write(f"{trouble.failure.code}: {trouble.failure.message} ({details})\n")
                    return trouble.failure
        return None

    def send(self, file: OutputFile, workdir: Path, environment: Mapping[str, str], *, log: TextIO) -> None:
        """Upload all files of one pattern and write a line for each.

        :raises AttemptFailed: at the first that cannot be uploaded
        """
        if file.denial is not None:
            raise AttemptFailed.user("FileUploadAccessDenied", file.denial)
        count = 0
        for source, blob in matches(file, workdir, environment):
            self._put(source, _blob_url(file.container_url, blob), dict(file.headers))
            log.write(f"uploaded {source.name} to {without_query(file.container_url)}/{blob}\n")
            count += 1
        if count == 0:
            log.write(f"nothing matches {file.pattern}\n")

    def _put(self, source: Path, url: str, extra: Mapping[str, str]) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._put_once(source, url, extra)
            except (httpx.HTTPError, httpx.InvalidURL) as problem:
                if attempt == _ATTEMPTS or not _passing(problem):
                    raise _trouble(url, problem) from None
                time.sleep(_PAUSE_SECONDS * attempt)
            except OSError as problem:
                raise AttemptFailed.user(
                    "FileUploadMiscError",
                    "An output file could not be read",
                    FilePath=source.name,
                    Reason=problem.strerror or str(problem),
                ) from None
            else:
                return

    def _put_once(self, source: Path, url: str, extra: Mapping[str, str]) -> None:
        with _sized(source) as (content, size):
            headers = {
                **extra,
                "x-ms-blob-type": "BlockBlob",
                "x-ms-version": _API_VERSION,
                "Content-Length": str(size),
            }
            self._client.put(url, content=content, headers=headers).raise_for_status()


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
