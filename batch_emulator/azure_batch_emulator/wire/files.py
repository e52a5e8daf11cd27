"""Operations on the files of tasks and of nodes."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from azure_batch_emulator.errors import Refusal
from azure_batch_emulator.moments import http_date, stamp
from azure_batch_emulator.service.files import delete_file, find_file, list_files
from azure_batch_emulator.wire import conditions, paging
from azure_batch_emulator.wire.call import Answer, Call, FileSlice
from azure_batch_emulator.wire.odata.filters import Property
from azure_batch_emulator.wire.task_json import task_url

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from azure_batch_emulator.service.files import FileInfo

_RANGE = re.compile(r"bytes=(\d+)-(\d*)$")
_FILTERS: Mapping[str, Property[tuple[int, FileInfo]]] = {
    "name": Property(lambda entry: entry[1].name, str, ("startswith",)),
}


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Where files are: a folder, and its address."""

    folder: Path
    url: str


def list_task_files(call: Call) -> Answer:
    """List the files of a task."""
    return _list(call, _of_task(call))


def get_task_file_properties(call: Call) -> Answer:
    """Tell the properties of a task's file in headers."""
    return _properties(call, _of_task(call))


def download_task_file(call: Call) -> Answer:
    """Send a task's file or a slice of it."""
    return _download(call, _of_task(call))


def delete_task_file(call: Call) -> Answer:
    """Delete a file or folder of a task."""
    return _delete(call, _of_task(call))


def list_node_files(call: Call) -> Answer:
    """List the files of a node, those of its tasks among them."""
    return _list(call, _of_node(call))


def get_node_file_properties(call: Call) -> Answer:
    """Tell the properties of a node's file in headers."""
    return _properties(call, _of_node(call))


def download_node_file(call: Call) -> Answer:
    """Send a node's file or a slice of it."""
    return _download(call, _of_node(call))


def delete_node_file(call: Call) -> Answer:
    """Delete a file or folder of a node."""
    return _delete(call, _of_node(call))


def _of_task(call: Call) -> _Shelf:
    job, task = call.engine.tasks.get(call["jobId"], call["taskId"])
    return _Shelf(call.engine.files.folder(task), f"{task_url(call.base, job.id, task.id)}/files")


def _of_node(call: Call) -> _Shelf:
    pool, node = call.engine.nodes.get(call["poolId"], call["nodeId"])
    url = f"{call.base}/pools/{pool.id}/nodes/{node.id}/files"
    return _Shelf(call.engine.files.node_folder(pool, node), url)


def _list(call: Call, shelf: _Shelf) -> Answer:
    listing = paging.Listing(
        metadata="files",
        properties=_FILTERS,
        render=lambda entry, _base: _file_json(entry[1], shelf.url),
        position=lambda entry: entry[0],
    )
    chosen = paging.read_filter(call, _FILTERS)
    found = enumerate(list_files(shelf.folder, recursive=call.flag("recursive")))
    first = paging.start(call)
    return paging.page(call, listing, (entry for entry in found if entry[0] >= first), chosen)


def _properties(call: Call, shelf: _Shelf) -> Answer:
    found = _find(call, shelf)
    return Answer(200, headers={**_headers(shelf, found), "Content-Length": str(found.size)})


def _download(call: Call, shelf: _Shelf) -> Answer:
    found = _find(call, shelf)
    if found.is_directory:
        raise Refusal.conflict("OperationInvalidForCurrentState", "A directory cannot be downloaded.")
    # The status is 200 for a slice too, as clients expect here.
    start, length = _slice(call, found.size)
    headers = {**_headers(shelf, found), "Content-Length": str(length)}
    return Answer(200, headers=headers, file=FileSlice(found.path, start, length))


def _delete(call: Call, shelf: _Shelf) -> Answer:
    delete_file(shelf.folder, call["filePath"], recursive=call.flag("recursive"))
    return Answer(200)


def _find(call: Call, shelf: _Shelf) -> FileInfo:
    found = find_file(shelf.folder, call["filePath"])
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


def _headers(shelf: _Shelf, found: FileInfo) -> dict[str, str]:
    return {
        "Last-Modified": http_date(found.modified),
        "Content-Type": _content_type(found.name),
        "ocp-batch-file-isdirectory": "true" if found.is_directory else "false",
        "ocp-batch-file-mode": f"{found.mode:o}",
        "ocp-batch-file-url": f"{shelf.url}/{quote(found.name)}",
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
