"""Filters with a meaning: a tree and the properties of a kind of record give a predicate."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from azure_batch_emulator.errors import QueryError
from azure_batch_emulator.wire.odata import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_Record = TypeVar("_Record")
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_EQUALITY = ("eq", "ne")
_ORDER = ("eq", "ne", "gt", "ge", "lt", "le")
_NAMES = {str: "a quoted text", float: "a number", bool: "true or false", datetime: "DateTime'...'"}


@dataclass(frozen=True, slots=True)
class Property(Generic[_Record]):
    """A property records can be filtered by."""

    read: Callable[[_Record], Any]
    """Gives None where the record does not have the property; then no comparison but ``ne`` holds."""
    type: type
    operators: tuple[str, ...]

    @classmethod
    def identifier(cls, read: Callable[[_Record], Any]) -> Property[_Record]:
        """Make a text with an order, that can also be asked for its beginning."""
        return cls(read, str, (*_ORDER, "startswith"))

    @classmethod
    def word(cls, read: Callable[[_Record], Any]) -> Property[_Record]:
        """Make a text that is only equal or not, as a state."""
        return cls(read, str, _EQUALITY)

    @classmethod
    def moment(cls, read: Callable[[_Record], Any]) -> Property[_Record]:
        """Make a point in time."""
        return cls(read, datetime, _ORDER)

    @classmethod
    def number(cls, read: Callable[[_Record], Any]) -> Property[_Record]:
        """Make a number."""
        return cls(read, float, _ORDER)

    @classmethod
    def switch(cls, read: Callable[[_Record], Any]) -> Property[_Record]:
        """Make a truth value."""
        return cls(read, bool, _EQUALITY)


class Filter(Generic[_Record]):
    """A ``$filter`` for one kind of record."""

    def __init__(self, text: str, properties: Mapping[str, Property[_Record]]) -> None:
        self._text = text
        self._properties = properties
        self._tree = tree.parse(text)
        self.matches: Callable[[_Record], bool] = self._predicate(self._tree)

    def required(self, name: str, operator_name: str) -> str | None:
        """Tell the text a property must be equal to, or begin with, for any record to match.

        This is what lets a list be read off an index; None if the filter does not say.
        """
        parts = self._tree.parts if isinstance(self._tree, tree.AllOf) else (self._tree,)
        for part in parts:
            if not isinstance(part, tree.Comparison) or not isinstance(part.value, str):
                continue
            if (part.name, part.operator) == (name, operator_name):
                return part.value
        return None

    def _predicate(self, part: tree.Tree) -> Callable[[_Record], bool]:
        if isinstance(part, tree.AllOf):
            every = [self._predicate(inner) for inner in part.parts]
            return lambda record: all(holds(record) for holds in every)
        if isinstance(part, tree.AnyOf):
            some = [self._predicate(inner) for inner in part.parts]
            return lambda record: any(holds(record) for holds in some)
        if isinstance(part, tree.Not):
            inner = self._predicate(part.part)
            return lambda record: not inner(record)
        return self._comparison(part)

    def _comparison(self, part: tree.Comparison) -> Callable[[_Record], bool]:
        known = self._known(part)
        read = known.read
        if isinstance(part.value, str):
            return _text_comparison(read, part.operator, part.value.lower())
        compare, value = _COMPARE[part.operator], part.value
        missing = part.operator == "ne"

        def holds(record: _Record) -> bool:
            own = read(record)
            return missing if own is None else compare(own, value)

        return holds

    def _known(self, part: tree.Comparison) -> Property[_Record]:
        known = self._properties.get(part.name)
        if known is None:
            reason = f"{part.name!r} is not a property that can be filtered; known: "
            raise self._wrong(reason + ", ".join(self._properties), part)
        if part.operator not in known.operators:
            raise self._wrong(f"{part.name!r} cannot be compared with {part.operator!r}", part)
        if type(part.value) is not known.type:
            raise self._wrong(f"{part.name!r} is compared with {_NAMES[known.type]}", part)
        return known

    def _wrong(self, reason: str, part: tree.Comparison) -> QueryError:
        return QueryError(reason, text=self._text, column=part.column)


def _text_comparison(
    read: Callable[[_Record], Any], operator_name: str, value: str
) -> Callable[[_Record], bool]:
    """Compare texts whatever their case, as the service does for values."""
    missing = operator_name == "ne"
    compare = str.startswith if operator_name == "startswith" else _COMPARE[operator_name]

    def holds(record: _Record) -> bool:
        own = read(record)
        return missing if own is None else bool(compare(own.lower(), value))

    return holds
