"""Which files a pattern of an output file means, found without following a link out of where they are."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, BinaryIO

from azure_batch_emulator.confined.folder import Area
from azure_batch_emulator.confined.names import printable
from azure_batch_emulator.confined.resolving import resolve
from azure_batch_emulator.confined.walking import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from azure_batch_emulator.runner.interface import AttemptSpec, OutputFile

_WILDCARD = re.compile(r"[*?\[]")
_ANY_DEPTH = "**"


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be sent."""

    area: Area
    """The folder that no link may lead out of."""
    name: str
    """Relative to that folder, with slashes."""

    def open(self) -> BinaryIO:
        """Open it.

        :raises OSError: if it is no regular file in its area, or may not be read
        """
        with self.area.open() as top, resolve(top, self.area.path, self.name) as found:
            return found.folder.read(found.name)


def sources(file: OutputFile, spec: AttemptSpec) -> Iterator[tuple[Source, str]]:
    """List the files a pattern means, with their blob names.

    Without a wildcard the path is the blob's name. With one it is a prefix, and what follows is
    the file's place below the last folder that the pattern names outright. Dot files need their dot.
    """
    pattern = Template(file.pattern).safe_substitute(spec.environment)
    wildcard = _WILDCARD.search(pattern)
    if wildcard is None:
        source = _source(spec, spec.directory / "wd" / pattern)
        yield source, file.path or printable(Path(pattern).name)
        return
    base, parts = _split(pattern, wildcard.start())
    folder = _source(spec, spec.directory / "wd" / base)
    for name in _matching(folder, parts):
        blob = printable(name)
        source = Source(folder.area, f"{folder.name}/{name}")
        yield source, f"{file.path.rstrip('/')}/{blob}" if file.path else blob


def _split(pattern: str, wildcard: int) -> tuple[str, list[str]]:
    """Part a pattern before the step that holds its first wildcard."""
    base, _, _ = pattern[:wildcard].rpartition("/")
    rest = pattern[len(base) :] if base or pattern.startswith("/") else pattern
    return base or ("/" if pattern.startswith("/") else ""), [part for part in rest.split("/") if part]


def _source(spec: AttemptSpec, path: Path) -> Source:
    """Tell what bounds the way to a file: the task's folder, what is mounted, or the folder it is named in.

    What the pattern names outright is its author's choice; links are a task's.
    """
    path = Path(os.path.normpath(path))
    if path.is_relative_to(spec.directory):
        return Source(spec.area, _below(path, spec.directory))
    for link in spec.links:
        if path.is_relative_to(link.path):
            return Source(Area(link.folder, link.folder), _below(path, link.path))
    root = spec.root if path.is_relative_to(spec.root) else path.parent
    return Source(Area(root, path.parent), path.name)


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _matching(folder: Source, parts: Sequence[str]) -> list[str]:
    """List the files below a folder that fit, by name."""
    recursive = len(parts) > 1 or _ANY_DEPTH in parts
    try:
        with folder.area.open() as area, resolve(area, folder.area.path, folder.name) as found:
            here = found.path
        with folder.area.open() as area, area.descend(here) as top:
            entries = walk(top, folder.area.path.joinpath(*here), recursive=recursive)
            return [each.name for each in entries if each.is_file and _fits(each.way, parts)]
    except OSError:  # there is no such folder
        return []


def _fits(way: Sequence[str], parts: Sequence[str]) -> bool:
    if not parts or not way:
        return not way and all(part == _ANY_DEPTH for part in parts)
    if parts[0] == _ANY_DEPTH:
        here = not way[0].startswith(".") and _fits(way[1:], parts)
        return here or _fits(way, parts[1:])
    shown = not way[0].startswith(".") or parts[0].startswith(".")
    return shown and fnmatchcase(way[0], parts[0]) and _fits(way[1:], parts[1:])
