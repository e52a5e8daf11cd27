"""A folder held open, whose entries are reached one step at a time.

Tasks may put a link in any place at any moment, so a path that was checked may lead elsewhere when it
is used. A descriptor does not, and no step from one to the next follows a link. Go's ``os.Root`` works
the same way.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Area:
    """Where a folder is that tasks write to."""

    root: Path
    """A folder above it that tasks do not replace."""
    path: Path

    @property
    def names(self) -> tuple[str, ...]:
        """Tell the way from the root."""
        return self.path.relative_to(self.root).parts

    def open(self) -> Folder:
        """Open the folder.

        :raises OSError: if it is not there, or something on the way is no folder
        """
        with Folder.at(self.root) as root:
            return root.descend(self.names)

    def made(self) -> Folder:
        """Open the folder, with what is missing of it made.

        :raises OSError: if the disk does not let us, or something on the way is no folder
        """
        with Folder.at(self.root) as root:
            return root.made(self.names)


class Folder:
    """An open folder. Every name is that of an entry, never a path.

    All methods raise ``OSError``, or ``ValueError`` for a name with a NUL.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def at(cls, path: Path) -> Self:
        """Open a folder by a path that tasks cannot change."""
        return cls(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._descriptor)

    def folder(self, name: str) -> Folder:
        """Open a folder in this one."""
        return Folder(os.open(name, _FOLDER, dir_fd=self._descriptor))

    def descend(self, names: Iterable[str]) -> Folder:
        """Open a folder several steps below this one."""
        here = Folder(os.dup(self._descriptor))
        for name in names:
            with here:
                here = here.folder(name)
        return here

    def status(self, name: str) -> os.stat_result:
        """Look at an entry; a link is looked at itself."""
        return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)

    def own_status(self) -> os.stat_result:
        """Look at this folder."""
        return os.fstat(self._descriptor)

    def target(self, name: str) -> str:
        """Tell where a link leads."""
        return os.readlink(name, dir_fd=self._descriptor)

    def entries(self) -> list[os.DirEntry[str]]:
        """List the entries, in no order."""
        with os.scandir(self._descriptor) as found:
            return list(found)

    def read(self, name: str) -> BinaryIO:
        """Open a regular file, without waiting for whoever might write to it.

        :raises FileNotFoundError: for a pipe, a socket, a device, a folder or a link
        :raises OSError: if it cannot be opened
        """
        # To open a pipe or a device is felt at its other end: it is looked at first.
        _check_regular(self.status(name))
        file = os.fdopen(os.open(name, _READ, dir_fd=self._descriptor), "rb")
        try:
            _check_regular(os.fstat(file.fileno()))
        except OSError:
            file.close()
            raise
        return file

    def create(self, name: str) -> BinaryIO:
        """Open an empty file for writing, in the place of what is there, unless that is a folder.

        A regular file stays the same one, so that it is there at every moment for whoever follows it.
        """
        descriptor = self._emptied(name)
        if descriptor is None:
            with suppress(FileNotFoundError):
                self.unlink(name)
            descriptor = os.open(name, _CREATE, 0o666, dir_fd=self._descriptor)
        return os.fdopen(descriptor, "wb")

    def _emptied(self, name: str) -> int | None:
        """Empty a file that has no other name, which might lie elsewhere; None if it is anything else."""
        try:
            descriptor = os.open(name, _WRITE, dir_fd=self._descriptor)
        except OSError:
            return None
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
            os.ftruncate(descriptor, 0)
            return descriptor
        os.close(descriptor)
        return None

    def made(self, names: Iterable[str]) -> Folder:
        """Open a folder several steps below this one, with what is missing made."""
        here = self.descend(())
        for name in names:
            with here:
                here.make(name)
                here = here.folder(name)
        return here

    def make(self, name: str) -> None:
        """Make a folder, unless there is something of that name."""
        with suppress(FileExistsError):
            os.mkdir(name, dir_fd=self._descriptor)

    def link(self, name: str, target: Path) -> None:
        """Make a link."""
        os.symlink(target, name, dir_fd=self._descriptor)

    def move(self, name: str, to: Folder, new: str) -> None:
        """Move an entry, over what is there."""
        os.rename(name, new, src_dir_fd=self._descriptor, dst_dir_fd=to._descriptor)

    def unlink(self, name: str) -> None:
        """Remove anything but a folder."""
        os.unlink(name, dir_fd=self._descriptor)

    def rmdir(self, name: str) -> None:
        """Remove an empty folder."""
        os.rmdir(name, dir_fd=self._descriptor)

    def allow(self, name: str) -> None:
        """Let its owner do anything with a folder in this one, whatever a task has forbidden.

        Only Linux can do so without the risk of meeting a link instead.
        """
        if hasattr(os, "O_PATH"):
            held = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=self._descriptor)
            try:
                Path(f"/proc/self/fd/{held}").chmod(stat.S_IRWXU)
            finally:
                os.close(held)


def _check_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise FileNotFoundError(errno.ENOENT, "not a regular file")
