"""Operations on the files of tasks and of nodes: looked for on the engine's thread, touched on another."""

from __future__ import annotations

import mimetypes
import os
import re
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from azure_batch_emulator.confined.names import decodable
from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import http_date, stamp
from azure_batch_emulator.service.files.access import FileInfo, delete_file, find_file, list_files, open_file
from azure_batch_emulator.wire import conditions, paging
from azure_batch_emulator.wire.odata.filters import Property
from azure_batch_emulator.wire.response import DeferredResponse, FileSlice, Response
from azure_batch_emulator.wire.views.task_json import task_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.confined.folder import Area
    from azure_batch_emulator.wire.request import Request

_RANGE = re.compile(r"bytes=(\d{1,19})-(\d{0,19})$")
_FILTERS: Mapping[str, Property[str]] = {"name": Property(lambda name: name, str, ("startswith",))}
_SMALL = 1 << 18
"""A file up to this size is read before it is answered; what is larger is sent as it is read."""


@dataclass(frozen=True, slots=True)
class _Directory:
    """Where files are: a folder, and its address."""

    area: Area
    url: str


def list_task_files(request: Request) -> DeferredResponse:
    """List the files of a task."""
    return DeferredResponse(partial(_list, request, _of_task(request)))


def get_task_file_properties(request: Request) -> DeferredResponse:
    """Tell the properties of a task's file in headers."""
    return DeferredResponse(partial(_properties, request, _of_task(request)))


def download_task_file(request: Request) -> DeferredResponse:
    """Send a task's file or a slice of it."""
    return DeferredResponse(partial(_download, request, _of_task(request)))


def delete_task_file(request: Request) -> DeferredResponse:
    """Delete a file or folder of a task."""
    return DeferredResponse(partial(_delete, request, _of_task(request)))


def list_node_files(request: Request) -> DeferredResponse:
    """List the files of a node, those of its tasks among them."""
    return DeferredResponse(partial(_list, request, _of_node(request)))


def get_node_file_properties(request: Request) -> DeferredResponse:
    """Tell the properties of a node's file in headers."""
    return DeferredResponse(partial(_properties, request, _of_node(request)))


def download_node_file(request: Request) -> DeferredResponse:
    """Send a node's file or a slice of it."""
    return DeferredResponse(partial(_download, request, _of_node(request)))


def delete_node_file(request: Request) -> DeferredResponse:
    """Delete a file or folder of a node."""
    return DeferredResponse(partial(_delete, request, _of_node(request)))


def _of_task(request: Request) -> _Directory:
    job, task = request.engine.lookup.task(request["jobId"], request["taskId"])
    return _Directory(request.engine.files.folder(task), f"{task_url(request.base, job.id, task.id)}/files")


def _of_node(request: Request) -> _Directory:
    pool, node = request.engine.lookup.node(request["poolId"], request["nodeId"])
    url = f"{request.base}/pools/{pool.id}/nodes/{node.id}/files"
    return _Directory(request.engine.files.node_folder(pool, node), url)


def _list(request: Request, directory: _Directory) -> Response:
    listing: paging.Listing[FileInfo] = paging.Listing(
        metadata="files",
        properties={},
        render=lambda found, _base: _file_json(found, directory.url),
        position=lambda found: found.name,
    )
    # The name alone decides, so that what is not wanted, or was on an earlier page, is not looked at.
    chosen = paging.read_filter(request, _FILTERS)
    start = paging.start_name(request)
    found = list_files(
        directory.area,
        recursive=request.flag("recursive"),
        start=tuple(start.split("/")) if start else (),
        wanted=chosen.matches if chosen is not None else lambda _: True,
    )
    return paging.page(request, listing, found, None)


def _properties(request: Request, directory: _Directory) -> Response:
    found = find_file(directory.area, request["filePath"])
    conditions.check_times(request, found.modified, reading=True)
    return Response(200, headers={**_headers(directory, found), "Content-Length": str(found.status.st_size)})


def _download(request: Request, directory: _Directory) -> Response:
    if find_file(directory.area, request["filePath"]).is_directory:
        raise ApiError.conflict("OperationInvalidForCurrentState", "A directory cannot be downloaded.")
    found, file = open_file(directory.area, request["filePath"])
    try:
        conditions.check_times(request, found.modified, reading=True)
        # The status is 200 for a slice too, as clients expect here.
        piece = FileSlice(file, *_slice(request, found.status.st_size))
    except ApiError:
        file.close()
        raise
    headers = {**_headers(directory, found), "Content-Length": str(piece.length)}
    if piece.length <= _SMALL:
        return Response(200, headers=headers, content=b"".join(piece.pieces()))
    return Response(200, headers=headers, file=piece)


def _delete(request: Request, directory: _Directory) -> Response:
    delete_file(directory.area, request["filePath"], recursive=request.flag("recursive"))
    return Response(200)


def _slice(request: Request, size: int) -> tuple[int, int]:
    text = request.headers.get("ocp-range") or request.headers.get("range")
    if text is None:
        return 0, size
    found = _RANGE.match(text.strip())
    if found is None:
        values = (("HeaderName", "ocp-range"), ("HeaderValue", text))
        raise ApiError(400, "InvalidHeaderValue", "A header is not valid.", values=values)
    start = int(found[1])
    end = min(int(found[2]) if found[2] else size - 1, size - 1)
    if start >= size or start > end:
        values = (("Range", text), ("ContentLength", str(size)))
        raise ApiError(416, "InvalidRange", "The range lies outside the file.", values=values)
    return start, end - start + 1


def _headers(directory: _Directory, found: FileInfo) -> dict[str, str]:
    return {
        "Last-Modified": http_date(found.modified),
        "Content-Type": _content_type(found.name),
        "ocp-batch-file-isdirectory": "true" if found.is_directory else "false",
        "ocp-batch-file-mode": f"{found.status.st_mode:o}",
        "ocp-batch-file-url": _url(directory.url, found),
    }


def _url(root: str, found: FileInfo) -> str:
    return f"{root}/{quote(os.fsencode(found.name))}"


def _content_type(name: str) -> str:
    # Of a whole name that begins with "data:" the type would be what the task wrote there.
    return mimetypes.guess_type(f"file{PurePath(name).suffix}")[0] or "application/octet-stream"


def _file_json(found: FileInfo, root: str) -> dict[str, Any]:
    json: dict[str, Any] = {
        "name": decodable(found.name),
        "url": _url(root, found),
        "isDirectory": found.is_directory,
    }
    if not found.is_directory:
        json["properties"] = {
            "lastModified": stamp(found.modified),
            "contentLength": str(found.status.st_size),
            "contentType": _content_type(found.name),
            "fileMode": f"{found.status.st_mode:o}",
        }
    return json
