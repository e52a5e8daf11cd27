"""Works out an expression of Bicep."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from infra.check.answers import Answer
from infra.check.errors import TemplateFault
from infra.check.kinds import STRING, Unknown
from infra.check.syntax import named, piece_of, place_of, plain_string, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.floordiv, "%": operator.mod,
}  # fmt: skip
_OPEN = {"ternary_expression", "unary_expression", "binary_expression", "lambda_expression"}
"""Expressions that end in another one."""
_Then = Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


class Expressions:
    """Expressions of one file, with the values that its names have.

    :param name: of the file, for sentences
    :param known: value of a name; raises KeyError if there is none
    :param functions: by name
    :param branches: takes each condition that was decided, with how
    """

    def __init__(
        self,
        name: str,
        known: Callable[[str], Any],
        functions: Mapping[str, Callable[..., Any]],
        branches: set[tuple[str, int, bool]],
    ) -> None:
        self._name = name
        self._known = known
        self._functions = functions
        self._branches = branches
        self._local: dict[str, Any] = {}
        self._at_start = False

    def fault(self, node: Node, what: str) -> TemplateFault:
        """Return a fault at a node."""
        return TemplateFault(place_of(node, self._name), what)

    @contextmanager
    def at_start(self, *, is_start: bool = True) -> Iterator[None]:
        """Refuse what only resources that are there can tell: names, conditions and loops come before."""
        before, self._at_start = self._at_start, is_start
        try:
            yield
        finally:
            self._at_start = before

    @contextmanager
    def only(self, names: dict[str, Any]) -> Iterator[None]:
        """Know these names of loops, and no others."""
        before, self._local = self._local, names
        try:
            yield
        finally:
            self._local = before

    @property
    def locals(self) -> dict[str, Any]:
        """Names of the loops around."""
        return self._local

    def value(self, node: Node) -> Any:
        """Work out an expression.

        :raises TemplateFault: if it says nothing, or what is not understood here
        """
        worker = getattr(self, f"_{node.type}", None)
        if worker is None:
            raise self.fault(node, f"{node.type} {text_of(node)!r} is not understood here")
        return worker(node)

    def decide(self, node: Node) -> bool:
        """Work out a condition, and remember how it came out."""
        with self.at_start():
            found = self.value(node)
        if not isinstance(found, bool):
            raise self.fault(node, f"{text_of(node)} is no condition")
        self._branches.add((self._name, node.start_byte, found))
        return found

    def repeat(self, node: Node) -> Iterator[Node]:
        """Yield the body of a loop once for each item, while the loop's names have their values."""
        *names, items, body = named(node)
        names = named(names[0]) if names[0].type == "for_loop_parameters" else names
        with self.at_start():
            found = self.value(items)
        for count, item in enumerate(found):
            with self.only({**self._local, **dict(zip(map(text_of, names), (item, count), strict=False))}):
                yield body

    def _string(self, node: Node) -> Any:
        whole = plain_string(node)
        if whole is not None:
            return whole
        parts = [
            self.value(named(child)[0]) if child.type == "interpolation" else piece_of(child)
            for child in node.named_children
        ]
        if any(isinstance(part, Unknown) for part in parts):
            return Unknown("".join(map(str, parts)), STRING)
        return "".join(str(part).lower() if isinstance(part, bool) else str(part) for part in parts)

    def _literal(self, node: Node) -> Any:
        return json.loads(text_of(node))

    _number = _boolean = _null = _literal

    def _array(self, node: Node) -> list[Any]:
        items = named(node)
        for one, other in pairwise(items):
            # The grammar takes `f(a)` for two items if another one follows.
            between = (node.text or b"")[one.end_byte - node.start_byte : other.start_byte - node.start_byte]
            if b"," not in between and b"\n" not in between:
                raise self.fault(one, f"{text_of(one)}{text_of(other)} in an array is not understood here")
        return [self.value(item) for item in items]

    def _object(self, node: Node) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for child in named(node):
            key, value = named(child)
            name = str(self.value(key)) if key.type == "string" else text_of(key)
            if name in found:
                raise self.fault(child, f"{name} is given twice")
            found[name] = self.value(value)
        return found

    def _for_statement(self, node: Node) -> list[Any]:
        return [self.value(body) for body in self.repeat(node)]

    def _lambda_expression(self, node: Node, then: _Then = _same) -> Callable[[Any], Any]:
        name, body = named(node)

        def call(item: Any) -> Any:
            with self.only({**self._local, text_of(name): item}):
                return self._applied(body, then)

        return call

    def _parenthesized_expression(self, node: Node) -> Any:
        return self.value(named(node)[0])

    def _ternary_expression(self, node: Node, then: _Then = _same) -> Any:
        condition, yes, no = named(node)
        return self.value(yes) if self.decide(condition) else self._applied(no, then)

    def _unary_expression(self, node: Node, then: _Then = _same) -> Any:
        value = self._told(node, self._applied(named(node)[0], then))
        return not value if text_of(node).startswith("!") else -value

    def _binary_expression(self, node: Node, then: _Then = _same) -> Any:
        left, right = named(node)
        if self._is_misread(left):
            raise self.fault(node, f"{text_of(node)!r} is not understood here without parentheses")
        sign = text_of(node.children[1])
        first = self.value(left)
        if sign in {"&&", "||"}:
            known = self._told(left, first)
            return self._told(right, self._applied(right, then)) if known is (sign == "&&") else known
        if sign == "??":
            return self._applied(right, then) if first is None else first
        if sign not in _OPERATORS:
            raise self.fault(node, f"the operator {sign} is not understood here")
        return _OPERATORS[sign](self._told(left, first), self._told(right, self._applied(right, then)))

    def _told(self, node: Node, value: Any) -> Any:
        """Return a value that must be known to work on it: one that is not would compare as another one."""
        if isinstance(value, Unknown | Answer):
            raise self.fault(node, f"{text_of(node)} is not known before resources are there")
        return value

    def _applied(self, node: Node, then: _Then) -> Any:
        """Take a part of what an expression without parentheses gives.

        The grammar takes ``a ? b : c.d`` for ``(a ? b : c).d``; Bicep means ``a ? b : (c.d)``.
        """
        if node.type in _OPEN:
            return getattr(self, f"_{node.type}")(node, then)
        if node.type in {"member_expression", "subscript_expression"}:
            return self._path(node, then)
        return then(self.value(node))

    def _is_misread(self, node: Node) -> bool:
        """Whether the grammar takes ``a && b.c == d`` for ``(a && b).c == d``."""
        while node.type in {"member_expression", "subscript_expression"}:
            node = named(node)[0]
            if node.type in _OPEN - {"unary_expression"}:
                return True
        return False

    def _path(self, node: Node, then: _Then = _same) -> Any:
        owner, key = named(node)
        part = text_of(key) if node.type == "member_expression" else self.value(key)
        return self._applied(owner, lambda value: then(self._part(node, value, part)))

    _member_expression = _subscript_expression = _path

    def _identifier(self, node: Node) -> Any:
        name = text_of(node)
        if name in self._local:
            return self._local[name]
        try:
            return self._known(name)
        except KeyError:
            raise self.fault(node, f"there is no {name}") from None

    def _call_expression(self, node: Node) -> Any:
        called, arguments = named(node)
        function = self._functions.get(text_of(called))
        if function is None:
            raise self.fault(node, f"the function {text_of(called)} is not understood here")
        values = [self.value(argument) for argument in named(arguments)]
        try:
            return function(*values)
        except (ValueError, TypeError, OSError) as error:
            raise self.fault(node, f"{text_of(node)}: {error}") from error

    def _part(self, node: Node, owner: Any, key: Any) -> Any:
        """Return a part of a value: of a resource or module, what it has when it is there."""
        if hasattr(owner, "part_of"):
            try:
                found, needs_resource = owner.part_of(key)
            except LookupError as error:
                raise self.fault(node, str(error.args[0])) from error
            if needs_resource and self._at_start:
                raise self.fault(node, f"{text_of(node)} is not known before resources are there")
            return found
        try:
            return self._told(node, owner)[key]
        except (LookupError, TypeError):
            raise self.fault(node, f"{text_of(node)}: there is no {key}") from None
