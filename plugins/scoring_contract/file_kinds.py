"""What a file of readings is, told from its first bytes: a name says what somebody took it for."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from enum import Enum, auto


class FileKind(Enum):
    """What can be read, by somebody of ours."""

    TEXT = auto()
    """UTF-8: CSV or JSON."""
    UTF_16 = auto()
    """The same, in UTF-16 with a byte order mark."""
    GZIP = auto()
    PARQUET = auto()
    AVRO = auto()


@dataclass(frozen=True, slots=True)
class Foreign:
    """What cannot be read by anybody."""

    what: str
    """Completes "the file is ..."."""
    advice: str
    """What to do, as a command."""

    def __str__(self) -> str:
        return f"is {self.what}: {self.advice}"


HEAD_BYTES = 512
"""So many of the first bytes are looked at, at most."""

_SAVE_AS_CSV = "save the sheet as CSV"
_UTF_8 = "write it as UTF-8"
_UNPACK = "unpack it, or pack it with gzip"
_MARKS: tuple[tuple[bytes, FileKind | Foreign], ...] = (
    (b"\x1f\x8b", FileKind.GZIP),
    (b"PAR1", FileKind.PARQUET),
    (b"Obj\x01", FileKind.AVRO),
    (codecs.BOM_UTF32_LE, Foreign("text in UTF-32", _UTF_8)),  # begins as UTF-16 does
    (codecs.BOM_UTF32_BE, Foreign("text in UTF-32", _UTF_8)),
    (codecs.BOM_UTF16_LE, FileKind.UTF_16),
    (codecs.BOM_UTF16_BE, FileKind.UTF_16),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Foreign("an Excel workbook (.xls)", _SAVE_AS_CSV)),
    (b"7z\xbc\xaf\x27\x1c", Foreign("a 7-Zip archive", _UNPACK)),
    (b"BZh", Foreign("packed with bzip2", _UNPACK)),
    (b"\xfd7zXZ\x00", Foreign("packed with xz", _UNPACK)),
    (b"\x28\xb5\x2f\xfd", Foreign("packed with Zstandard", _UNPACK)),
    (b"\xff\x06\x00\x00sNaPpY", Foreign("packed with Snappy", _UNPACK)),
    (b"ORC", Foreign("an ORC file", "write Parquet, CSV or JSON lines")),
    (b"ARROW1", Foreign("an Arrow file", "write Parquet, CSV or JSON lines")),
    (b"\x89HDF\r\n", Foreign("an HDF5 file", "write Parquet, CSV or JSON lines")),
    (b"SQLite format 3\x00", Foreign("an SQLite database", "export its table as CSV")),
    (b"%PDF-", Foreign("a PDF document", "ask for the readings as CSV")),
)
_ZIP = b"PK\x03\x04"
_WORKBOOK_MEMBERS = (b"[Content_Types].xml", b"_rels/", b"xl/", b"docProps/")


def kind_of(head: bytes) -> FileKind | Foreign:
    """Say what a file is.

    :param head: its first bytes, :data:`HEAD_BYTES` of them or the whole file

    >>> str(kind_of(b"BZh91AY"))
    'is packed with bzip2: unpack it, or pack it with gzip'
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
    """Every other byte of such a header is zero."""
    for first in (0, 1):
        zeros = head[first::2]
        if len(zeros) > 1 and not any(zeros) and all(head[1 - first :: 2]):
            return Foreign("text in UTF-16 without a byte order mark", _UTF_8)
    return None


def _markup(head: bytes) -> Foreign | None:
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:15].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return Foreign("a web page", "perhaps a sign-in stood in the way: fetch the readings themselves")
    return Foreign("XML", "write CSV or JSON lines") if start.startswith(b"<?xml") else None
