"""Records as JSON values and back, by the types of their fields.

A field that is None is left out, hence None must be its default; a derived one is always left out.
A field added to a record is kept without a word here, if its type is one of those below; any other
is refused when its record is first used. Old files lack it: it needs a default.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from azure_batch_emulator.autoscale import Formula
from azure_batch_emulator.records.nodes import RECENT_TASKS
from azure_batch_emulator.records.preparations import Preparation
from azure_batch_emulator.records.tasks import Execution, Failure, Subtask, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    _Convert = Callable[[Any], Any]

_Record = TypeVar("_Record")
_MICROSECOND = timedelta(microseconds=1)
_AS_THEY_ARE = frozenset({Any, str, int, float, bool})
_NAMES: Mapping[str, Any] = {
    "datetime": datetime,
    "timedelta": timedelta,
    "Formula": Formula,
    "Execution": Execution,
    "Samples": Any,
    "Dependents": Any,
}
"""What records import for type checkers only; the last two are the types of derived fields."""
_FORMER_NAMES: Mapping[type[Any], Mapping[str, str]] = {
    Task: {"place": "node_info"},
    Subtask: {"place": "node_info"},
    Failure: {"blame": "category"},
    Preparation: {"standing": "state"},
}
"""What state files of format 1 call fields."""


class _Converter(NamedTuple):
    """How one type is written and read; None for what JSON knows itself."""

    write: _Convert | None
    read: _Convert | None


class _Field(NamedTuple):
    name: str
    converter: _Converter


_KNOWN: dict[type, tuple[_Field, ...]] = {}


def write(record: Any) -> dict[str, Any]:
    """Turn a record into a JSON object."""
    values = {}
    for name, (convert, _) in _fields(type(record)):
        value = getattr(record, name)
        if value is not None:
            values[name] = value if convert is None else convert(value)
    return values


def read(kind: type[_Record], values: Any) -> _Record:
    """Turn a JSON object back into a record; its derived fields are at their defaults.

    :raises ValueError: if a value is none of its field's
    :raises TypeError: if a field is missing or unknown
    """
    if not isinstance(values, dict):
        raise TypeError(f"a {kind.__name__} is no {type(values).__name__}")
    former = _FORMER_NAMES.get(kind, {})
    rest = {former.get(name, name): value for name, value in values.items()}
    arguments = {}
    for name, (_, convert) in _fields(kind):
        if name in rest:
            value = rest.pop(name)
            arguments[name] = value if convert is None else convert(value)
    if rest:
        raise TypeError(f"{kind.__name__} has no field {min(rest)!r}")
    return kind(**arguments)


def _fields(kind: type) -> tuple[_Field, ...]:
    if kind not in _KNOWN:
        hints = get_type_hints(kind, localns=dict(_NAMES))
        _KNOWN[kind] = tuple(
            _Field(field.name, _converter_of(hints[field.name]))
            for field in dataclasses.fields(kind)
            if not field.metadata.get("derived")
        )
    return _KNOWN[kind]


def _converter_of(hint: Any) -> _Converter:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        (hint,) = (argument for argument in arguments if argument is not NoneType)
        return _converter_of(hint)
    if hint in _AS_THEY_ARE or origin is dict:
        return _Converter(None, None)
    if origin is tuple:
        return _tuple_converter(arguments)
    if origin is deque:
        return _recent_converter(arguments[0])
    kind: type[Any] = hint
    if dataclasses.is_dataclass(kind) and kind is not Formula:
        return _Converter(write, partial(read, kind))
    return _scalar_converter(hint)


def _scalar_converter(hint: Any) -> _Converter:
    if hint is datetime:
        return _Converter(datetime.isoformat, datetime.fromisoformat)
    if hint is timedelta:
        return _Converter(lambda span: span // _MICROSECOND, lambda number: number * _MICROSECOND)
    if hint is Formula:
        return _Converter(lambda formula: formula.text, Formula.parse)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _Converter(lambda member: member.value, hint)
    raise TypeError(f"values of type {hint} cannot be kept")


def _tuple_converter(arguments: tuple[Any, ...]) -> _Converter:
    item = _converter_of(arguments[0])
    convert_in, convert_out = item.write or _same, item.read or _same
    return _Converter(
        lambda values: [convert_in(value) for value in values],
        lambda values: tuple(convert_out(value) for value in values),
    )


def _recent_converter(item: type) -> _Converter:
    return _Converter(
        lambda values: [write(value) for value in values],
        lambda values: deque((read(item, value) for value in values), RECENT_TASKS),
    )


def _same(value: Any) -> Any:
    return value
