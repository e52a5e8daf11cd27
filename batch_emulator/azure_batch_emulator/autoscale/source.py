"""The text of a formula: from an offset to a line, a column and a caret."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\r|\n")
_WIDEST = 120


@dataclass(frozen=True, slots=True)
class Place:
    """A character of the text, counted the way the service counts: from 1."""

    line: int
    column: int
    source_line: str

    def __str__(self) -> str:
        return f"Line {self.line}, Col {self.column}"

    def drawn(self) -> str:
        """Draw the line with a caret under the column; of a very long line only the part around it."""
        start = max(0, self.column - 1 - _WIDEST // 2)
        shown = self.source_line[start : start + _WIDEST]
        before = self.source_line[start : self.column - 1]
        # A tab in the line is repeated below it, so that the caret stays under its column.
        padding = "".join("\t" if character == "\t" else " " for character in before)
        return f"{shown}\n{padding}^"


class Source:
    """A text that knows its lines."""

    def __init__(self, text: str) -> None:
        self.text = text
        ends = list(_LINE_END.finditer(text))
        self._starts = [0, *(end.end() for end in ends)]
        self._ends = [*(end.start() for end in ends), len(text)]

    def place(self, at: int) -> Place:
        """Tell the place of an offset; the end of the text is one behind its last character."""
        index = bisect_right(self._starts, at) - 1
        start, end = self._starts[index], self._ends[index]
        return Place(index + 1, at - start + 1, self.text[start:end])
