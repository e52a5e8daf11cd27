"""A formula's text as tokens; blanks, line ends and ``//`` comments fall away."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.errors import SYNTAX_ERROR, FormulaSyntaxError

if TYPE_CHECKING:
    from azure_batch_emulator.autoscale.source import Source


class Kind(Enum):
    """What a token is."""

    NAME = auto()
    NUMBER = auto()
    TEXT = auto()
    MARK = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text, and the offset it begins at."""

    kind: Kind
    text: str
    at: int

    def __str__(self) -> str:
        return "the end of the formula" if self.kind is Kind.END else repr(self.text)


# Two expressions on purpose: the first cannot fail, so nothing is ever tried twice.
_BLANK = re.compile(r"(?:[ \t\r\n]+|//[^\r\n]*)*")
_PIECE = re.compile(
    r"(?P<NAME>\$?[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<NUMBER>[0-9]+(?:\.[0-9]+)?)(?![A-Za-z0-9_$.])"
    r'|"(?P<TEXT>[^"\r\n]*)"'
    r"|(?P<MARK>&&|\|\||<=|>=|==|!=|/(?!\*)|[-+*<>!?:=;,.()])"
)
_HINTS = (
    (re.compile(r"/\*"), "comments begin with // and end with the line"),
    (re.compile(r'"'), "the string is not closed on its line"),
    (re.compile(r"'"), "strings stand in double quotes"),
    (re.compile(r"&"), "'and' is written &&"),
    (re.compile(r"\|"), "'or' is written ||"),
    (re.compile(r"\["), "vectors cannot be written out"),
    (re.compile(r"[0-9]"), "numbers are written as digits, or digits, a point and digits"),
    (re.compile(r"\$"), "a name goes on with a letter after its $"),
)


def tokens(source: Source) -> list[Token]:
    """Cut a formula into tokens; the last one is the end.

    :raises FormulaSyntaxError: where a character fits nowhere
    """
    found = []
    position = _after_blanks(source.text, 0)
    while position < len(source.text):
        piece = _PIECE.match(source.text, position)
        if piece is None:
            raise _misfit(source, position)
        found.append(_token(source, piece))
        position = _after_blanks(source.text, piece.end())
    return [*found, Token(Kind.END, "", position)]


def _after_blanks(text: str, position: int) -> int:
    blank = _BLANK.match(text, position)
    return position if blank is None else blank.end()


def _token(source: Source, piece: re.Match[str]) -> Token:
    kind = Kind[piece.lastgroup or "END"]
    token = Token(kind, piece[kind.name], piece.start())
    if kind is Kind.NUMBER and math.isinf(float(token.text)):
        raise FormulaSyntaxError(SYNTAX_ERROR, "the number is too large", source.place(token.at))
    return token


def _misfit(source: Source, position: int) -> FormulaSyntaxError:
    hints = (hint for shape, hint in _HINTS if shape.match(source.text, position))
    detail = next(hints, f"{source.text[position]!r} does not belong in a formula")
    return FormulaSyntaxError(SYNTAX_ERROR, detail, source.place(position))
