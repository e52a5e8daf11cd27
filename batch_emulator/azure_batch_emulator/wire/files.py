"""Operations on the files of tasks."""

from __future__ import annotations

import mimetypes
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from azure_batch_emulator.errors import Refusal
from azure_batch_emulator.moments import http_date, stamp
from azure_batch_emulator.wire import conditions, paging
from azure_batch_emulator.wire.call import Answer, Call, FileSlice
from azure_batch_emulator.wire.odata.filters import Property
from azure_batch_emulator.wire.task_json import task_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.service.files import FileInfo

_RANGE = re.compile(r"bytes=(\d+)-(\d*)$")
_FILTERS: Mapping[str, Property[tuple[int, FileInfo]]] = {
    "name": Property(lambda entry: entry[1].name, str, ("startswith",)),
}


def list_task_files(call: Call) -> Answer:
    """List the files of a task."""
    job, task = call.engine.tasks.get(call["jobId"], call["taskId"])
    root = f"{task_url(call.base, job.id, task.id)}/files"
    listing = paging.Listing(
        metadata="files",
        properties=_FILTERS,
        render=lambda entry, _base: _file_json(entry[1], root),
        position=lambda entry: entry[0],
    )
    chosen = paging.read_filter(call, _FILTERS)
    files = enumerate(call.engine.files.list(task, recursive=call.flag("recursive")))
    first = paging.start(call)
    return paging.page(call, listing, (entry for entry in files if entry[0] >= first), chosen)


def get_task_file_properties(call: Call) -> Answer:
    """Tell the properties of a file in headers."""
    found = _find(call)
    return Answer(200, headers={**_headers(call, found), "Content-Length": str(found.size)})


def download_task_file(call: Call) -> Answer:
    """Send a file or a slice of it; the status is 200 in either case, as clients expect here."""
    found = _find(call)
    if found.is_directory:
        raise Refusal.conflict("OperationInvalidForCurrentState", "A directory cannot be downloaded.")
    start, length = _slice(call, found.size)
    headers = {**_headers(call, found), "Content-Length": str(length)}
    return Answer(200, headers=headers, file=FileSlice(found.path, start, length))


def _find(call: Call) -> FileInfo:
    _, task = call.engine.tasks.get(call["jobId"], call["taskId"])
    found = call.engine.files.find(task, call["filePath"])
    conditions.check_times(call, found.modified, reading=True)
    return found


def _slice(call: Call, size: int) -> tuple[int, int]:
    text = call.headers.get("ocp-range") or call.headers.get("range")
    if text is None:
        return 0, size
    found = _RANGE.match(text.strip())
    if found is None:
        values = (("HeaderName", "ocp-range"), ("HeaderValue", text))
        raise Refusal(400, "InvalidHeaderValue", "A header is not valid.", values=values)
    start = int(found[1])
    end = min(int(found[2]) if found[2] else size - 1, size - 1)
    if start >= size or start > end:
        values = (("Range", text), ("ContentLength", str(size)))
        raise Refusal(416, "InvalidRange", "The range lies outside the file.", values=values)
    return start, end - start + 1


def _headers(call: Call, found: FileInfo) -> dict[str, str]:
    job, task = call["jobId"], call["taskId"]
    return {
        "Last-Modified": http_date(found.modified),
        "Content-Type": _content_type(found.name),
        "ocp-batch-file-isdirectory": "true" if found.is_directory else "false",
        "ocp-batch-file-mode": f"{found.mode:o}",
        "ocp-batch-file-url": f"{task_url(call.base, job, task)}/files/{quote(found.name)}",
    }


def _content_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _file_json(found: FileInfo, root: str) -> dict[str, Any]:
    json: dict[str, Any] = {
        "name": found.name,
        "url": f"{root}/{quote(found.name)}",
        "isDirectory": found.is_directory,
    }
    if not found.is_directory:
        json["properties"] = {
            "lastModified": stamp(found.modified),
            "contentLength": str(found.size),
            "contentType": _content_type(found.name),
            "fileMode": f"{found.mode:o}",
        }
    return json
