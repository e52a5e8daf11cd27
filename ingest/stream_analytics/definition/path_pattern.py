"""Path patterns of outputs: where a row is written.

https://learn.microsoft.com/azure/stream-analytics/stream-analytics-custom-path-patterns-blob-storage-output
https://learn.microsoft.com/azure/stream-analytics/blob-storage-azure-data-lake-gen2-output

``{date}``, ``{time}`` and ``{datetime:...}`` are of the row's ``System.Timestamp()``, a window's end, in UTC.
One other token may name a column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.stream_analytics.errors import JobRefused
from ingest.stream_analytics.ticks import moment_of

if TYPE_CHECKING:
    from datetime import datetime

_TOKEN = re.compile(r"\{([^{}]*)\}")
_PARTS = {
    "yyyy": lambda moment: f"{moment:%Y}",
    "MM": lambda moment: f"{moment:%m}",
    "M": lambda moment: str(moment.month),
    "dd": lambda moment: f"{moment:%d}",
    "d": lambda moment: str(moment.day),
    "HH": lambda moment: f"{moment:%H}",
    "H": lambda moment: str(moment.hour),
    "mm": lambda moment: f"{moment:%M}",
    "m": lambda moment: str(moment.minute),
    "ss": lambda moment: f"{moment:%S}",
    "s": lambda moment: str(moment.second),
}
_DATE = re.compile(r"yyyy|MM|dd|HH")
_DATE_FORMATS = {"yyyy/MM/dd", "MM/dd/yyyy", "dd/MM/yyyy", "yyyy-MM-dd", "MM-dd-yyyy", "dd-MM-yyyy"}
_LONGEST = 900
"""Characters of a folder; a blob's name has 1,024."""


class PathRefused(Exception):
    """A row has no folder."""


@dataclass(frozen=True, slots=True)
class PathPattern:
    """A path pattern.

    :param parts: texts, and in every second place tokens
    :param column: name of the column in it; empty without one
    """

    parts: tuple[str, ...]
    column: str = ""

    @classmethod
    def read(cls, pattern: str, date_format: str, time_format: str) -> PathPattern:
        """Read a pattern.

        :raises JobRefused: if it has several columns, or a format that is not documented
        """
        if time_format != "HH" or date_format not in _DATE_FORMATS:
            raise JobRefused(f"dateFormat {date_format!r} and timeFormat {time_format!r} are not run here")
        parts = _TOKEN.split(pattern.strip("/"))
        tokens, columns = [], []
        for token in parts[1::2]:
            tokens.append({"date": date_format, "time": time_format}.get(token.lower(), token))
            if token.lower().startswith("datetime:"):
                tokens[-1] = _specifier(token)
            elif token.lower() not in {"date", "time"}:
                tokens[-1] = ""
                columns.append(token)
        if len(columns) > 1 or "" in columns:
            raise JobRefused(f"a path pattern has one column at most, not {columns}")
        parts[1::2] = tokens
        return cls(tuple(parts), "".join(columns))

    def folder(self, ticks: int, value: object) -> str:
        """Return the folder of a row.

        :param ticks: its ``System.Timestamp()``
        :param value: of the column; of no meaning without one
        :raises PathRefused: if the value is NULL, empty, too long, or would lead to another folder
        """
        moment = moment_of(ticks)
        texts = [
            part if index % 2 == 0 else (_dated(part, moment) if part else _segment(value))
            for index, part in enumerate(self.parts)
        ]
        folder = "".join(texts)
        if len(folder) > _LONGEST:
            raise PathRefused(f"the folder {folder[:100]}... is too long")
        return folder


def _specifier(token: str) -> str:
    specifier = token.partition(":")[2]
    if specifier not in _PARTS:
        raise JobRefused(f"{{{token}}} takes one of {', '.join(_PARTS)}")
    return specifier


def _dated(form: str, moment: datetime) -> str:
    if form in _PARTS:
        return _PARTS[form](moment)
    return _DATE.sub(lambda match: _PARTS[match[0]](moment), form)


def _segment(value: object) -> str:
    text = "" if value is None else str(value)
    if not text or any(part in {"", ".", ".."} for part in text.split("/")):
        raise PathRefused(f"{text!r} cannot be a folder")
    return text
