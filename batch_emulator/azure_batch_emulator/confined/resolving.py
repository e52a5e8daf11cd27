"""From a name to what it means: links are followed as long as they stay inside."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

    from azure_batch_emulator.confined.folder import Folder

_MOST_LINKS = 40
"""As many as Linux follows."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that is no link. Closing it lets go of its folder."""

    folder: Folder
    """Where it is."""
    name: str
    """Its name there; ``.`` for the folder in which it was looked for."""
    path: tuple[str, ...]
    """The way to it from there, without links."""
    status: os.stat_result

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.folder.close()


def resolve(top: Folder, at: Path, name: str, *, follow_last: bool = True) -> Found:
    """Find what a name means.

    :param at: the path of the top folder, which absolute links in it begin with
    :param name: relative to the top, with slashes
    :param follow_last: whether a link is followed if it is what the name ends with
    :raises FileNotFoundError: if it, or a link on the way, leads out of the top folder
    :raises OSError: if there is no such thing
    :raises ValueError: if the name holds a NUL
    """
    search = _Search(top, at, name, follow_last=follow_last)
    try:
        return search.run()
    finally:
        search.here.close()


class _Search:
    """A walk from the top, with the steps that are left to take."""

    def __init__(self, top: Folder, at: Path, name: str, *, follow_last: bool) -> None:
        if name.startswith("/"):
            raise _outside(name)
        self._top, self._at, self._follow_last = top, at, follow_last
        self._left = _steps(name)
        self._path: list[str] = []
        self._links = 0
        self.here = top.descend(())

    def run(self) -> Found:
        """Take every step."""
        while self._left:
            step = self._left.pop()
            if step == "..":
                self._back()
                continue
            status = self.here.status(step)
            is_link, is_last = stat.S_ISLNK(status.st_mode), not self._left
            if is_link and (self._follow_last or not is_last):
                self._turn(self.here.target(step))
            elif is_last and not stat.S_ISDIR(status.st_mode):
                return Found(self.here.descend(()), step, (*self._path, step), status)
            else:
                self._enter(step)
        return self._folder()

    def _folder(self) -> Found:
        status = self.here.own_status()
        if not self._path:
            return Found(self._top.descend(()), ".", (), status)
        *above, name = self._path
        return Found(self._top.descend(above), name, tuple(self._path), status)

    def _enter(self, step: str) -> None:
        self._stand(self.here.folder(step))
        self._path.append(step)

    def _back(self) -> None:
        if not self._path:
            raise _outside("..")
        self._path.pop()
        self._start_over()

    def _turn(self, target: str) -> None:
        """Go where a link leads: from here, or from the top if it is absolute."""
        self._links += 1
        if self._links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if target.startswith("/"):
            try:
                target = str(PurePath(target).relative_to(self._at))
            except ValueError:
                raise _outside(target) from None
            self._path.clear()
            self._start_over()
        self._left += _steps(target)

    def _start_over(self) -> None:
        self._stand(self._top.descend(self._path))

    def _stand(self, folder: Folder) -> None:
        self.here.close()
        self.here = folder


def _steps(name: str) -> list[str]:
    """List the steps of a path, the last one first."""
    return [step for step in reversed(name.split("/")) if step not in {"", "."}]


def _outside(name: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, "leads out of its folder", name)
