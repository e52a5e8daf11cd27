"""A ``$filter`` as a tree: comparisons joined by and, or and not.

Precedence, loosest first: ``or``, ``and``, ``not``. Property names keep their case and their
column, so that whoever gives them a meaning can point at them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from azure_batch_emulator.errors import QueryError
from azure_batch_emulator.moments import parse_moment
from azure_batch_emulator.wire.odata.tokens import Kind, Token, tokens

Literal: TypeAlias = str | float | bool | datetime

OPERATORS = ("eq", "ne", "gt", "ge", "lt", "le", "startswith")
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Comparison:
    """``property operator literal``; ``startswith(property, literal)`` is one too."""

    name: str
    operator: str
    value: Literal
    column: int


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Tree


Tree: TypeAlias = "Comparison | AllOf | AnyOf | Not"


def parse(text: str) -> Tree:
    """Read a filter.

    :raises QueryError: where it cannot be read
    """
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = iter(tokens(text))
        self._now = next(self._tokens)
        self._depth = 0

    def whole(self) -> Tree:
        tree = self._either()
        if self._now.kind is not Kind.END:
            raise self._wrong(f"{self._now.text!r} is not expected here")
        return tree

    def _either(self) -> Tree:
        parts = [self._both()]
        while self._skip_word("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _both(self) -> Tree:
        parts = [self._single()]
        while self._skip_word("and"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _single(self) -> Tree:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong("the filter is nested too deeply")
        if self._skip_word("not"):
            tree: Tree = Not(self._single())
        elif self._skip_mark("("):
            tree = self._either()
            self._expect_mark(")")
        elif self._now.kind is Kind.NAME and self._now.text == "startswith":
            tree = self._startswith()
        else:
            tree = self._comparison()
        self._depth -= 1
        return tree

    def _startswith(self) -> Tree:
        self._take()
        self._expect_mark("(")
        name = self._name()
        self._expect_mark(",")
        if self._now.kind is not Kind.TEXT:
            raise self._wrong("startswith needs a quoted text")
        prefix = self._take().text
        self._expect_mark(")")
        return Comparison(name.text, "startswith", prefix, name.column)

    def _comparison(self) -> Tree:
        name = self._name()
        if self._now.kind is not Kind.NAME or self._now.text not in OPERATORS[:-1]:
            raise self._wrong(f"an operator is needed here: {', '.join(OPERATORS[:-1])}")
        operator = self._take().text
        return Comparison(name.text, operator, self._literal(), name.column)

    def _name(self) -> Token:
        if self._now.kind is not Kind.NAME:
            raise self._wrong("a property name is needed here")
        return self._take()

    def _literal(self) -> Literal:
        token = self._now
        if token.kind is Kind.TEXT:
            return self._take().text
        if token.kind is Kind.NUMBER:
            return float(self._take().text)
        if token.kind is Kind.MOMENT:
            return self._moment(self._take())
        if token.kind is Kind.NAME and token.text in {"true", "false"}:
            return self._take().text == "true"
        raise self._wrong("a value is needed here: 'text', a number, true, false or DateTime'...'")

    def _moment(self, token: Token) -> datetime:
        try:
            return parse_moment(token.text)
        except ValueError:
            raise QueryError(
                f"{token.text!r} is not a date and time", text=self._text, column=token.column
            ) from None

    def _skip_word(self, word: str) -> bool:
        if self._now.kind is Kind.NAME and self._now.text == word:
            self._take()
            return True
        return False

    def _skip_mark(self, mark: str) -> bool:
        if self._now.kind is Kind.MARK and self._now.text == mark:
            self._take()
            return True
        return False

    def _expect_mark(self, mark: str) -> None:
        if not self._skip_mark(mark):
            raise self._wrong(f"{mark!r} is needed here")

    def _take(self) -> Token:
        token, self._now = self._now, next(self._tokens, self._now)
        return token

    def _wrong(self, reason: str) -> QueryError:
        return QueryError(reason, text=self._text, column=self._now.column)
