"""Detects the kind of a file of readings by its first bytes; file names are not reliable."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from enum import Enum, auto


class FileKind(Enum):
    """Kinds of files that scoring or loading can read."""

    TEXT = auto()
    """UTF-8: CSV or JSON."""
    UTF_16 = auto()
    """CSV or JSON in UTF-16 with a byte order mark."""
    GZIP = auto()
    PARQUET = auto()
    AVRO = auto()


@dataclass(frozen=True, slots=True)
class Foreign:
    """A kind of file that cannot be read."""

    what: str
    """Completes "the file is ..."."""
    advice: str
    """How to get a readable file, as a command."""

    def __str__(self) -> str:
        return f"is {self.what}: {self.advice}"


HEAD_BYTES = 512
"""First bytes that the detection uses, at most."""

_SAVE_AS_CSV = "save the sheet as CSV"
_UTF_8 = "write it as UTF-8"
_UNPACK = "unpack it, or use gzip"
_MARKS: tuple[tuple[bytes, FileKind | Foreign], ...] = (
    (b"\x1f\x8b", FileKind.GZIP),
    (b"PAR1", FileKind.PARQUET),
    (b"Obj\x01", FileKind.AVRO),
    (codecs.BOM_UTF32_LE, Foreign("text in UTF-32", _UTF_8)),  # before UTF-16, whose mark is its prefix
    (codecs.BOM_UTF32_BE, Foreign("text in UTF-32", _UTF_8)),
    (codecs.BOM_UTF16_LE, FileKind.UTF_16),
    (codecs.BOM_UTF16_BE, FileKind.UTF_16),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Foreign("an Excel workbook (.xls)", _SAVE_AS_CSV)),
    (b"7z\xbc\xaf\x27\x1c", Foreign("a 7-Zip archive", _UNPACK)),
    (b"BZh", Foreign("compressed with bzip2", _UNPACK)),
    (b"\xfd7zXZ\x00", Foreign("compressed with xz", _UNPACK)),
    (b"\x28\xb5\x2f\xfd", Foreign("compressed with Zstandard", _UNPACK)),
    (b"\xff\x06\x00\x00sNaPpY", Foreign("compressed with Snappy", _UNPACK)),
    (b"ORC", Foreign("an ORC file", "write Parquet, CSV or JSON lines")),
    (b"ARROW1", Foreign("an Arrow file", "write Parquet, CSV or JSON lines")),
    (b"\x89HDF\r\n", Foreign("an HDF5 file", "write Parquet, CSV or JSON lines")),
    (b"SQLite format 3\x00", Foreign("an SQLite database", "export its table as CSV")),
    (b"%PDF-", Foreign("a PDF document", "ask for the readings as CSV")),
)
_ZIP = b"PK\x03\x04"
_WORKBOOK_MEMBERS = (b"[Content_Types].xml", b"_rels/", b"xl/", b"docProps/")


def kind_of(head: bytes) -> FileKind | Foreign:
    """Detect the kind of a file.

    :param head: its first :data:`HEAD_BYTES` bytes, or all of a shorter file

    >>> str(kind_of(b"BZh91AY"))
    'is compressed with bzip2: unpack it, or use gzip'
    """
    for mark, kind in _MARKS:
        if head.startswith(mark):
            return kind
    if head.startswith(_ZIP):
        return _zip(head)
    return _utf_16_without_mark(head[:HEAD_BYTES]) or _markup(head[:HEAD_BYTES]) or FileKind.TEXT


def _zip(head: bytes) -> Foreign:
    if any(member in head[:HEAD_BYTES] for member in _WORKBOOK_MEMBERS):
        return Foreign("an Excel workbook (.xlsx)", _SAVE_AS_CSV)
    return Foreign("a ZIP archive", _UNPACK)


def _utf_16_without_mark(head: bytes) -> Foreign | None:
    """Detect UTF-16 without a byte order mark: every other byte of a header in ASCII is zero."""
    for first in (0, 1):
        zeros = head[first::2]
        if len(zeros) > 1 and not any(zeros) and all(head[1 - first :: 2]):
            return Foreign("text in UTF-16 without a byte order mark", _UTF_8)
    return None


def _markup(head: bytes) -> Foreign | None:
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:15].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return Foreign("a web page", "perhaps a sign-in page: download the readings themselves")
    return Foreign("XML", "write CSV or JSON lines") if start.startswith(b"<?xml") else None
