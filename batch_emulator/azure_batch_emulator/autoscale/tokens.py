"""A formula's text as tokens; blanks, line ends and ``//`` comments fall away."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from enum import Enum, auto
from html import unescape
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
_HTML = re.compile(r"&(?:[a-z]+|#[0-9]+|#x[0-9a-f]+);", re.IGNORECASE | re.ASCII)
_HINTS = (
    (re.compile(r"/\*"), "comments begin with // and end with the line"),
    (re.compile(r'"'), "the string is not closed on its line"),
    (re.compile("['\u2018-\u201f\u00ab\u00bb`]"), "strings stand in straight double quotes"),
    (re.compile("[\u2010-\u2015\u2212]"), "a minus is written -"),
    (re.compile("[\u00d7\u22c5]"), "a product is written *"),
    (re.compile("[\u2264\u2265\u2260]"), "comparisons are written <=, >= and !="),
    (re.compile(r"#"), "comments begin with //"),
    (re.compile(r"%"), "there is no operator for remainders, and a percentage is a plain number"),
    (re.compile(r"\$?[{}]"), "there are no braces: a placeholder may not have been filled in"),
    (re.compile(r"\\"), "there are no backslashes: one may be left of the quoting of a shell or a string"),
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
    html = _HTML.match(source.text, position)
    if html is not None and unescape(html[0]) != html[0]:
        detail = f"{html[0]} is HTML and stands for {unescape(html[0])}"
        return FormulaSyntaxError(SYNTAX_ERROR, detail, source.place(position))
    hints = (hint for shape, hint in _HINTS if shape.match(source.text, position))
    detail = next(hints, f"{_named(source.text[position])} does not belong in a formula")
    return FormulaSyntaxError(SYNTAX_ERROR, detail, source.place(position))


def _named(character: str) -> str:
    """Name a character; one that cannot be seen, or told from a blank, has a name alone."""
    if character.isprintable() and not character.isspace():
        return repr(character)
    return unicodedata.name(character, repr(character)).lower()
