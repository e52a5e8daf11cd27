"""Finds, lists, reads and deletes files of a task or node: touches the disk, not the records."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO

from azure_batch_emulator.confined.removing import remove
from azure_batch_emulator.confined.resolving import resolve
from azure_batch_emulator.confined.walking import walk
from azure_batch_emulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure_batch_emulator.confined.folder import Area

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_THERE = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}
)


@dataclass(frozen=True, slots=True)
class FileInfo:
    """One file or folder of a task or a node."""

    way: tuple[str, ...]
    """Names of the folders that lead to it from the folder of the task or node, and its own."""
    status: os.stat_result

    @property
    def name(self) -> str:
        """Tell its name relative to that folder; bytes that are not UTF-8 are lone surrogates."""
        return "/".join(self.way)

    @property
    def is_directory(self) -> bool:
        """Tell whether it is a folder."""
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def modified(self) -> datetime:
        """Tell when it was changed, as far as a calendar reaches: tasks can set any time."""
        try:
            return _EPOCH + timedelta(seconds=self.status.st_mtime)
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC) if self.status.st_mtime > 0 else _EPOCH


def list_files(
    area: Area,
    *,
    recursive: bool,
    start: tuple[str, ...] = (),
    wanted: Callable[[str], bool] = lambda _: True,
) -> Iterator[FileInfo]:
    """List the files and folders, by name; none if the folder is not there.

    :param start: where to begin; what comes before is not looked at
    :param wanted: chooses by the whole name
    """
    try:
        top = area.open()
    except OSError:  # not made yet, or just removed
        return
    with top:
        for entry in walk(top, area.path, recursive=recursive, start=start, wanted=wanted):
            yield FileInfo(entry.way, entry.status)


def find_file(area: Area, name: str) -> FileInfo:
    """Find one file or folder.

    :raises ApiError: if there is none of that name inside the folder
    """
    with _refusing(), area.open() as top, resolve(top, area.path, name) as found:
        if not stat.S_ISDIR(found.status.st_mode) and not stat.S_ISREG(found.status.st_mode):
            raise ApiError.missing("File")
        return FileInfo(found.path, found.status)


def open_file(area: Area, name: str) -> tuple[FileInfo, BinaryIO]:
    """Open one file; what is told of it is true of the open file.

    :raises ApiError: if there is none of that name inside the folder, or it may not be read
    """
    with _refusing(), area.open() as top, resolve(top, area.path, name) as found:
        file = found.folder.read(found.name)
        return FileInfo(found.path, os.fstat(file.fileno())), file


def delete_file(area: Area, name: str, *, recursive: bool) -> None:
    """Delete a file, or a folder that is empty unless ``recursive``; of a link the link itself.

    :raises ApiError: if there is none of that name inside the folder, or it cannot be deleted
    """
    with (
        _refusing(),
        area.open() as top,
        resolve(top, area.path, name, follow_last=False) as found,
    ):
        if not found.path:
            raise ApiError.missing("File")
        if recursive:
            remove(found.folder, found.name)
        elif stat.S_ISDIR(found.status.st_mode):
            found.folder.rmdir(found.name)
        else:
            found.folder.unlink(found.name)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        if problem.errno in _NOT_THERE:
            raise ApiError.missing("File") from None
        message = "This operation is not valid for the current state of the resource."
        reason = problem.strerror or str(problem)
        raise ApiError.conflict("OperationInvalidForCurrentState", message, Reason=reason) from None
    except ValueError:  # a NUL, which no name holds
        raise ApiError.missing("File") from None
