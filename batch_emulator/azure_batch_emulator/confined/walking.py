"""What is in a folder, by name: files and folders alone, from anywhere in the middle on."""

from __future__ import annotations

import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure_batch_emulator.confined.resolving import resolve

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from azure_batch_emulator.confined.folder import Folder

    Way = tuple[str, ...]

_MOST_OPEN = 32
"""Folders held open at once, however deep a walk goes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder, or what a link to one inside leads to."""

    way: Way
    """Names of the folders that lead to it, and its own."""
    status: os.stat_result

    @property
    def is_file(self) -> bool:
        """Tell a file from a folder."""
        return stat.S_ISREG(self.status.st_mode)

    @property
    def name(self) -> str:
        """Tell its name, with slashes."""
        return "/".join(self.way)


class _Level:
    """A folder on the way down, with the entries that are left, the first one last."""

    def __init__(self, folder: Folder, way: Way, start: Way) -> None:
        self.way, self.folder = way, folder
        self._held = True
        # Only on the very way that the start names something is to be left out.
        own = start[len(way) : len(way) + 1] if start[: len(way)] == way else ()
        try:
            found = [(each.name, each.is_dir(follow_symlinks=False)) for each in folder.entries()]
        except OSError:
            self.let_go()
            raise
        self.left = sorted((each for each in found if not own or each[0] >= own[0]), reverse=True)

    def let_go(self) -> None:
        """Close the folder until it is needed again."""
        if self._held:
            self.folder.close()
            self._held = False

    def hold(self, top: Folder) -> None:
        """Have the folder open.

        :raises OSError: if it is gone meanwhile
        """
        if not self._held:
            self.folder = top.descend(self.way)
            self._held = True


def walk(
    top: Folder,
    at: Path,
    *,
    recursive: bool,
    start: Way = (),
    wanted: Callable[[str], bool] = lambda _: True,
) -> Iterator[Entry]:
    """List files and folders, each folder before what is in it; pipes and the like are left out.

    :param at: the path of the top folder
    :param start: where to begin; what comes before is not even looked at
    :param wanted: chooses by the whole name
    """
    levels: list[_Level] = []
    try:
        with suppress(OSError):
            levels.append(_Level(top.descend(()), (), start))
        while levels:
            level = levels[-1]
            if not level.left:
                levels.pop().let_go()
                continue
            name, is_folder = level.left.pop()
            way = (*level.way, name)
            with suppress(OSError):  # just removed, or forbidden
                level.hold(top)
                if way >= start and wanted("/".join(way)):
                    yield from _look(top, at, level.folder, way)
                if recursive and is_folder:
                    levels.append(_Level(level.folder.folder(name), way, start))
            if len(levels) > _MOST_OPEN:
                levels[-1 - _MOST_OPEN].let_go()
    finally:
        for level in levels:
            level.let_go()


def _look(top: Folder, at: Path, folder: Folder, way: Way) -> Iterator[Entry]:
    with suppress(OSError):
        status = folder.status(way[-1])
        if stat.S_ISLNK(status.st_mode):
            with resolve(top, at, "/".join(way)) as found:
                status = found.status
        if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode):
            yield Entry(way, status)
