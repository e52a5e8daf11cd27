"""Downloads before a command starts, by plain HTTP with whatever signature the URL carries."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit, urlunsplit
from xml.etree import ElementTree as ET

import httpx

from azure_batch_emulator.runner.errors import AttemptFailed, without_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure_batch_emulator.confined.folder import Area
    from azure_batch_emulator.runner.interface import ResourceFile

_CHUNK = 1 << 18
_DEFAULT_MODE = 0o770
_HTTP_TROUBLE = (httpx.HTTPError, httpx.InvalidURL)
_REFUSED = frozenset({httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN})


def _trouble(url: str, problem: Exception) -> AttemptFailed:
    where = without_query(url)
    if isinstance(problem, httpx.HTTPStatusError):
        status = problem.response.status_code
        if status == httpx.codes.NOT_FOUND:
            message = "One of the specified Azure Blob(s) is not found"
            return AttemptFailed.user("BlobNotFound", message, FilePath=where)
        if status in _REFUSED:
            message = "Access for one of the specified Azure Blob(s) is denied"
            return AttemptFailed.user("BlobAccessDenied", message, FilePath=where)
    if isinstance(problem, httpx.TimeoutException):
        message = "Downloading one of the specified Azure Blob(s) timed out"
        return AttemptFailed.server("BlobDownloadTimedOut", message, FilePath=where)
    message = "Miscellaneous error encountered while downloading one of the specified Azure Blob(s)"
    reason = f"{type(problem).__name__}: {problem}".replace(url, where)
    return AttemptFailed.server("BlobDownloadMiscError", message, FilePath=where, Reason=reason)


class Downloads:
    """Fetches resource files into a working directory."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def fetch(self, file: ResourceFile, workdir: Area, *, stopped: Callable[[], bool]) -> None:
        """Download one resource file, or all blobs it names.

        :param stopped: asked between chunks; a stopped download ends early and quietly
        :raises AttemptFailed: if it cannot be had, or leads out of the working directory
        """
        if file.denial is not None:
            raise AttemptFailed.user("BlobAccessDenied", file.denial)
        for url, relative in self._sources(file):
            self._save(url, workdir, _inside(workdir, relative), file.file_mode or _DEFAULT_MODE, stopped)

    def _sources(self, file: ResourceFile) -> Iterator[tuple[str, str]]:
        if file.http_url is not None:
            name = unquote(urlsplit(file.http_url).path.rpartition("/")[2])
            yield file.http_url, file.file_path or name
            return
        container = file.container_url or ""
        base = urlsplit(container)
        for name in self._names(container, file.blob_prefix):
            path = f"{base.path.rstrip('/')}/{quote(name)}"
            yield urlunsplit(base._replace(path=path)), f"{file.file_path}/{name}" if file.file_path else name

    def _names(self, container: str, prefix: str) -> Iterator[str]:
        marker = ""
        while True:
            page = self._listing(container, prefix, marker)
            yield from (name.text or "" for name in page.iterfind("./Blobs/Blob/Name"))
            marker = page.findtext("NextMarker") or ""
            if not marker:
                return

    def _listing(self, container: str, prefix: str, marker: str) -> ET.Element:
        url = httpx.URL(container).copy_merge_params(
            {"restype": "container", "comp": "list", "prefix": prefix, "marker": marker}
        )
        try:
            answer = self._client.get(url).raise_for_status()
        except _HTTP_TROUBLE as problem:
            raise _trouble(container, problem) from None
        return ET.fromstring(answer.content)  # noqa: S314  the storage the task itself names

    def _save(
        self, url: str, workdir: Area, target: tuple[str, ...], mode: int, stopped: Callable[[], bool]
    ) -> None:
        *above, name = target
        try:
            with (
                workdir.made() as top,
                top.made(above) as folder,
                self._client.stream("GET", url) as answer,
                folder.create(name) as file,
            ):
                answer.raise_for_status()
                for chunk in answer.iter_bytes(_CHUNK):
                    if stopped():
                        return
                    file.write(chunk)
                os.fchmod(file.fileno(), mode)
        except _HTTP_TROUBLE as problem:
            raise _trouble(url, problem) from None
        except OSError as problem:
            message = "Writing one of the resource files failed"
            raise AttemptFailed.server("ResourceFileWriteFailed", message, Reason=str(problem)) from None


def _inside(workdir: Area, relative: str) -> tuple[str, ...]:
    """Tell the way from the working directory to a file."""
    target = Path(os.path.normpath(workdir.path / relative))
    inside = target.is_relative_to(workdir.path) and target != workdir.path and "\0" not in relative
    if not inside:
        message = "A resource file may not be placed outside the working directory"
        raise AttemptFailed.user("ResourceFileCreateFailed", message, FilePath=relative)
    return target.relative_to(workdir.path).parts
