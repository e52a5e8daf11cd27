"""Tokens to tree: the grammar, and nothing of what names mean.

::

    script     = statement { ";" statement } [ ";" ]
    statement  = name "=" expression | "stop" "(" ")"
    expression = operation { "?" expression ":" operation }
    operation  = prefixed { operator operation }         one level binds tighter on the right
    prefixed   = ( "-" | "!" ) prefixed | postfixed
    postfixed  = atom [ "." name "(" arguments ")" ] [ "." name ]
    atom       = number | string | name | name "(" arguments ")" | "(" expression ")"

Precedence is not documented; it is C's, which every official sample agrees with.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.errors import SYNTAX_ERROR, FormulaSyntaxError
from azure_batch_emulator.autoscale.tokens import Kind, Token, tokens
from azure_batch_emulator.autoscale.tree import (
    LEVEL_OF,
    PREFIXES,
    Assignment,
    Call,
    Case,
    Chain,
    Choice,
    Link,
    Member,
    Name,
    Number,
    Prefix,
    SampleCall,
    Script,
    Stop,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_batch_emulator.autoscale.source import Source
    from azure_batch_emulator.autoscale.tree import Expression, Statement

MOST_STATEMENTS = 100
# Each step costs the parser and the evaluator a few frames of the Python stack, which has 1,000.
_DEEPEST = 100


def parse(source: Source) -> Script:
    """Read a formula.

    :raises FormulaSyntaxError: where it cannot be read
    """
    return _Parser(source).script()


class _Parser:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._tokens = tokens(source)
        self._index = 0
        self._depth = 0

    def script(self) -> Script:
        statements: list[Statement] = []
        while not statements or self._now.kind is not Kind.END:
            if len(statements) == MOST_STATEMENTS:
                raise self._wrong(f"a formula has at most {MOST_STATEMENTS} statements")
            statements.append(self._statement())
            if self._now.kind is not Kind.END:
                self._expect(";")
        return Script(tuple(statements))

    # The tokens ahead

    @property
    def _now(self) -> Token:
        return self._tokens[self._index]

    def _is(self, mark: str) -> bool:
        return self._now.kind is Kind.MARK and self._now.text == mark

    def _take(self) -> Token:
        token = self._now
        self._index += 1
        return token

    def _skip(self, mark: str) -> bool:
        found = self._is(mark)
        if found:
            self._take()
        return found

    def _expect(self, mark: str) -> Token:
        if not self._is(mark):
            raise self._wrong(f"{mark!r} is expected, not {self._now}")
        return self._take()

    def _expect_name(self, what: str) -> Token:
        if self._now.kind is not Kind.NAME:
            raise self._wrong(f"{what} is expected, not {self._now}")
        return self._take()

    def _wrong(self, detail: str, token: Token | None = None) -> FormulaSyntaxError:
        at = (token or self._now).at
        return FormulaSyntaxError(SYNTAX_ERROR, detail, self._source.place(at))

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        if self._depth == _DEEPEST:
            raise self._wrong("the expression is nested too deeply")
        self._depth += 1
        yield
        self._depth -= 1

    # The grammar

    def _statement(self) -> Statement:
        name = self._expect_name("a statement")
        if self._skip("="):
            return Assignment(name.text, self._expression(), name.at)
        if name.text == "stop" and self._skip("("):
            self._expect(")")
            return Stop(name.at)
        raise self._wrong(f"'=' is expected, not {self._now}: a statement is an assignment or stop()")

    def _expression(self) -> Expression:
        with self._deeper():
            cases: list[Case] = []
            value = self._operation(1)
            while self._is("?"):
                mark = self._take()
                chosen = self._expression()
                self._expect(":")
                cases.append(Case(value, chosen, mark.at))
                value = self._operation(1)
            return Choice(tuple(cases), value) if cases else value

    def _operation(self, loosest: int) -> Expression:
        with self._deeper():
            value = self._prefixed()
            while (level := self._level()) >= loosest:
                value = Chain(value, self._links(level))
            return value

    def _level(self) -> int:
        return LEVEL_OF.get(self._now.text, 0) if self._now.kind is Kind.MARK else 0

    def _links(self, level: int) -> tuple[Link, ...]:
        links = []
        while self._level() == level:
            mark = self._take()
            links.append(Link(mark.text, self._operation(level + 1), mark.at))
        return tuple(links)

    def _prefixed(self) -> Expression:
        if not any(self._is(operator) for operator in PREFIXES):
            return self._postfixed()
        with self._deeper():
            mark = self._take()
            return Prefix(mark.text, self._prefixed(), mark.at)

    def _postfixed(self) -> Expression:
        value = self._atom()
        if self._is("."):
            value = self._accessed(value)
        if self._is(".") and isinstance(value, SampleCall):
            value = self._accessed(value)
        if self._is("."):
            raise self._wrong("a member has no members of its own")
        return value

    def _accessed(self, of: Expression) -> Expression:
        self._expect(".")
        name = self._expect_name("a member or method")
        return self._sample_call(of, name) if self._is("(") else Member(of, name.text, name.at)

    def _sample_call(self, of: Expression, method: Token) -> SampleCall:
        if isinstance(of, SampleCall):
            raise self._wrong("samples have no methods: a function takes them, as in avg(...)", method)
        if not isinstance(of, Name):
            raise self._wrong("only sample variables have methods", method)
        opened = self._now
        return SampleCall(of.name, method.text, self._arguments(), of.at, method.at, opened.at)

    def _atom(self) -> Expression:
        token = self._now
        if self._is("("):
            return self._group()
        if token.kind in {Kind.MARK, Kind.END}:
            raise self._wrong(f"a value is expected, not {token}")
        self._take()
        if token.kind is Kind.NUMBER:
            return Number(float(token.text), token.at)
        if token.kind is Kind.TEXT:
            return Text(token.text, token.at)
        return Call(token.text, self._arguments(), token.at) if self._is("(") else Name(token.text, token.at)

    def _group(self) -> Expression:
        self._expect("(")
        value = self._expression()
        self._expect(")")
        return value

    def _arguments(self) -> tuple[Expression, ...]:
        self._expect("(")
        if self._skip(")"):
            return ()
        arguments = [self._expression()]
        while self._skip(","):
            arguments.append(self._expression())
        self._expect(")")
        return tuple(arguments)
