"""What a request body may hold: a tiny schema language, and a check that also tidies.

A shape maps property names to kinds. Checking a body refuses unknown properties, missing required
ones and wrong types, writes durations in canonical form and enum values in lower case.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import Refusal
from azure_batch_emulator.moments import duration, parse_duration, parse_moment, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Kind = Callable[[Any, str], Any]
    """Takes a value and the path it stands at; returns the value to keep."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MODE = re.compile(r"[0-7]{3,4}")
_LONGEST_DISPLAY_NAME = 1024
_ANNOTATION = "odata."
"""Begins names that clients copy from what they read; they mean nothing in a request."""


_NUMERAL = re.compile(r"-?[0-9]{1,10}", re.ASCII)


def _wrong(path: str, value: object, reason: str) -> Refusal:
    return Refusal.bad_property(path, value, reason)


def text(value: Any, path: str) -> Any:
    """Take a string."""
    if not isinstance(value, str):
        raise _wrong(path, value, "a string is needed")
    return value


def whole(value: Any, path: str) -> Any:
    """Take a whole number of 32 bits; the Azure CLI writes some of them as strings."""
    if isinstance(value, str) and _NUMERAL.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**31) <= value < 2**31:
        raise _wrong(path, value, "a whole number is needed")
    return value


def natural(value: Any, path: str) -> Any:
    """Take a whole number that is not negative."""
    number = whole(value, path)
    if number < 0:
        raise _wrong(path, value, "it must not be negative")
    return number


def switch(value: Any, path: str) -> Any:
    """Take true or false."""
    if not isinstance(value, bool):
        raise _wrong(path, value, "true or false is needed")
    return value


def span(value: Any, path: str) -> Any:
    """Take an ISO 8601 duration; keep it in canonical form."""
    try:
        return duration(parse_duration(text(value, path)))
    except ValueError as problem:
        raise _wrong(path, value, str(problem)) from None


def moment(value: Any, path: str) -> Any:
    """Take a moment; keep it in canonical form."""
    try:
        return stamp(parse_moment(text(value, path)))
    except ValueError as problem:
        raise _wrong(path, value, str(problem)) from None


def identifier(value: Any, path: str) -> Any:
    """Take an id of a pool, job or task."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise _wrong(path, value, "1 to 64 letters, digits, hyphens and underscores")
    return value


def metadata_name(value: Any, path: str) -> Any:
    """Take the name of a metadata item."""
    if not text(value, path):
        values = (("PropertyName", path),)
        raise Refusal(
            400, "EmptyMetadataKey", "The key of one of the metadata items is empty.", values=values
        )
    return value


def display_name(value: Any, path: str) -> Any:
    """Take a name for people."""
    if len(text(value, path)) > _LONGEST_DISPLAY_NAME:
        raise _wrong(path, "", f"at most {_LONGEST_DISPLAY_NAME} characters")
    return value


def file_mode(value: Any, path: str) -> Any:
    """Take an octal file mode."""
    if not _MODE.fullmatch(text(value, path)):
        raise _wrong(path, value, "an octal file mode is needed, such as 0770")
    return value


def anything(value: Any, _path: str) -> Any:
    """Take what is only kept and shown again."""
    return value


def choice(*values: str) -> Kind:
    """Take one of some values, in any case."""

    def kind(value: Any, path: str) -> Any:
        if not isinstance(value, str) or value.lower() not in values:
            raise _wrong(path, value, f"one of {', '.join(values)}")
        return value.lower()

    return kind


def every(kind: Kind) -> Kind:
    """Take a list of one kind."""

    def kinds(value: Any, path: str) -> Any:
        if not isinstance(value, list):
            raise _wrong(path, value, "a list is needed")
        return [kind(entry, f"{path}[{index}]") for index, entry in enumerate(value)]

    return kinds


class Shape:
    """An object with certain properties."""

    def __init__(self, properties: Mapping[str, Kind], *, required: str = "") -> None:
        self.properties = properties
        self.required = tuple(required.split())

    def __call__(self, value: Any, path: str = "") -> Any:
        """Check a value and return it tidied, without properties that are null."""
        if not isinstance(value, dict):
            raise Refusal.bad_body(f"{path or 'the body'} must be a JSON object")
        tidy = {
            name: self._one(name, entry, path)
            for name, entry in value.items()
            if entry is not None and not name.startswith(_ANNOTATION)
        }
        for name in self.required:
            if name not in tidy:
                raise Refusal(
                    400,
                    "MissingRequiredProperty",
                    "A required property was not specified in the request body.",
                    values=(("PropertyName", _join(path, name)),),
                )
        return tidy

    def _one(self, name: str, value: Any, path: str) -> Any:
        kind = self.properties.get(name)
        if kind is None:
            raise Refusal.bad_body("there is no such property", PropertyName=_join(path, name))
        return kind(value, _join(path, name))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
