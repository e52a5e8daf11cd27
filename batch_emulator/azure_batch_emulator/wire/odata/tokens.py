"""A ``$filter`` text as tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from azure_batch_emulator.errors import QueryError


class Kind(Enum):
    """What a token is."""

    NAME = auto()
    TEXT = auto()
    MOMENT = auto()
    NUMBER = auto()
    MARK = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text, and where it begins."""

    kind: Kind
    text: str
    column: int


_PIECES = re.compile(
    r"\s*(?:"
    r"(?P<moment>[Dd]ate[Tt]ime'(?P<inner_moment>[^']*)')"
    r"|(?P<text>'(?P<inner_text>(?:[^']|'')*)')"
    r"|(?P<number>[+-]?\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z_][\w/]*)"
    r"|(?P<mark>[(),])"
    r")"
)


def tokens(text: str) -> list[Token]:
    """Cut a filter into tokens; the last one is the end.

    :raises QueryError: where a character fits nowhere
    """
    found = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        piece = _PIECES.match(text, position)
        if piece is None:
            column = position + len(text[position:]) - len(text[position:].lstrip())
            reason = "the text is not closed" if text[column] == "'" else f"{text[column]!r} is not expected"
            raise QueryError(reason, text=text, column=column)
        found.append(_token(piece))
        position = piece.end()
    return [*found, Token(Kind.END, "", end)]


def _token(piece: re.Match[str]) -> Token:
    group = piece.lastgroup or ""
    if piece["moment"] is not None:
        return Token(Kind.MOMENT, piece["inner_moment"], piece.start("moment"))
    if piece["text"] is not None:
        return Token(Kind.TEXT, piece["inner_text"].replace("''", "'"), piece.start("text"))
    return Token(Kind[group.upper()], piece[group], piece.start(group))
