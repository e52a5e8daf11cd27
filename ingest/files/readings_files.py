"""Reads several files of readings as one: those that people name, of a folder, or of a pattern."""

from __future__ import annotations

import glob
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import ReadingsFileError
from ingest.files.readings_csv import OURS, ReadingsFile
from ingest.files.rejects import Rejects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ingest.files.reading_form import ReadingForm
    from ingest.files.rejects import Reject
    from ingest.reading import Reading


def files_of(words: Sequence[str]) -> list[Path]:
    """Return the files that words name, each once: files, folders with all their files, and patterns.

    Hidden files of folders are left out.

    :raises ReadingsFileError: if a folder or a pattern has no file
    """
    found = [path for word in words for path in _files_of(word)]
    return list({path.resolve(): path for path in found}.values())


def _files_of(word: str) -> list[Path]:
    path = Path(word).expanduser()
    if path.is_dir():
        inner = [each for each in sorted(path.rglob("*")) if each.is_file() and not _is_hidden(each, path)]
        return inner or _none(word, "has no files")
    if glob.has_magic(word) and not path.exists():
        # Path.glob refuses patterns that begin at the root.
        matching = [Path(each) for each in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207
        return [each for each in matching if each.is_file()] or _none(word, "matches no file")
    return [path]


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)


def _none(word: str, problem: str) -> list[Path]:
    raise ReadingsFileError(word, problem)


class ReadingsFiles:
    """Files of readings, one after the other. All headers are checked before the first reading.

    :param paths: at least one
    :param form: what they call our columns, and how they write them
    :param on_reject: called with each row that is refused
    :raises ReadingsFileError: if one cannot be read at all
    """

    def __init__(
        self,
        paths: Sequence[Path],
        form: ReadingForm = OURS,
        *,
        on_reject: Callable[[Reject], None] | None = None,
    ) -> None:
        self._files = [ReadingsFile(path, form) for path in paths]
        self._paths, self._form = paths, form
        self._on_reject = on_reject
        self.name = os.fspath(paths[0]) if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
        self.rejects = Rejects()
        """Complete after the iteration."""
        self._at = self._files[0]

    @property
    def place(self) -> str:
        """Where the latest reading stands: ``a.csv, line 3``."""
        return f"{self._at.name}, line {self._at.line}"

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self._files)

    @property
    def bytes_read(self) -> int:
        """Bytes read from disk, compressed or not."""
        return sum(file.bytes_read for file in self._files)

    @property
    def blank_cells(self) -> int:
        """Empty cells of wide files."""
        return sum(file.blank_cells for file in self._files)

    def digest(self) -> str:
        """Return a digest of content and form in hex; of a file with our columns, its SHA-256."""
        digests = []
        for path in self._paths:
            with path.open("rb") as file:
                digests.append(hashlib.file_digest(file, "sha256").hexdigest())
        if len(digests) == 1 and self._form == OURS:
            return digests[0]
        return hashlib.sha256("\n".join((repr(self._form), *digests)).encode()).hexdigest()

    def __iter__(self) -> Iterator[Reading]:
        """Yield the valid readings, file by file."""
        self.rejects = Rejects(on_reject=self._on_reject)
        for file in self._files:
            self._at = file
            yield from file.readings(self.rejects, names_file=len(self._files) > 1)
