"""What a request body may hold: a tiny schema language, and a check that also tidies.

A schema maps property names to kinds of values. Checking a body refuses unknown properties, missing
required ones and wrong values, writes durations in canonical form and enum values as the service spells them.
What concerns several properties of one object is a rule of its schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.wire.bodies.kinds import text, wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from azure_batch_emulator.wire.bodies.kinds import Kind

    Rule = Callable[[Mapping[str, Any], str], None]
    """Takes a tidied object and its path; raises an ApiError if its properties do not go together."""

_ANNOTATION = "odata."
"""Begins names that clients copy from what they read; they mean nothing in a request."""
_DEEPEST = 20


def every(kind: Kind, *, most: int | None = None) -> Kind:
    """Take a list of one kind."""

    def kinds(value: Any, path: str) -> Any:
        if not isinstance(value, list):
            raise wrong(path, value, "a list is needed")
        if most is not None and len(value) > most:
            raise wrong(path, len(value), f"at most {most} are allowed")
        return [kind(entry, f"{path}[{index}]") for index, entry in enumerate(value)]

    return kinds


def texts(value: Any, path: str) -> Any:
    """Take an object whose values are strings.

    :raises ApiError: if it is not an object, or one of its values is not a string
    """
    if not isinstance(value, dict):
        raise wrong(path, value, "an object is needed")
    return {text(name, path): text(entry, join(path, name)) for name, entry in value.items()}


def free(value: Any, path: str) -> Any:
    """Take an object of whatever JSON, as handlers of extensions do.

    :raises ApiError: if it is not an object, or is nested too deeply
    """
    if not isinstance(value, dict):
        raise wrong(path, value, "an object is needed")
    return _json(value, path, _DEEPEST)


def ignored(_value: Any, _path: str) -> Any:
    """Take whatever the service itself writes, and keep nothing: clients send back what they read."""
    return None


class Schema:
    """An object with certain properties."""

    def __init__(
        self, properties: Mapping[str, Kind], *, required: str = "", rules: tuple[Rule, ...] = ()
    ) -> None:
        self.properties = properties
        self.required = tuple(required.split())
        self.rules = rules

    def __call__(self, value: Any, path: str = "") -> Any:
        """Check a value and return it tidied, without properties that are null."""
        if not isinstance(value, dict):
            raise ApiError.bad_body(f"{path or 'the body'} must be a JSON object")
        tidy = {
            name: self._one(name, entry, path)
            for name, entry in value.items()
            if entry is not None and not name.startswith(_ANNOTATION)
        }
        for name in self.required:
            if tidy.get(name) is None:
                raise ApiError.missing_property(join(path, name))
        for rule in self.rules:
            rule(tidy, path)
        return {name: entry for name, entry in tidy.items() if entry is not None}

    def _one(self, name: str, value: Any, path: str) -> Any:
        kind = self.properties.get(name)
        if kind is None:
            raise ApiError.bad_body("there is no such property", PropertyName=ascii(join(path, name))[1:-1])
        return kind(value, join(path, name))


def one_of(*names: str) -> Rule:
    """Make the rule that exactly one of some properties is given."""

    def rule(tidy: Mapping[str, Any], path: str) -> None:
        given = [name for name in names if tidy.get(name) is not None]
        if len(given) != 1:
            raise wrong(path, ", ".join(given), f"exactly one of {', '.join(names)} is needed")

    return rule


def together(*names: str) -> Rule:
    """Make the rule that properties are given together or not at all."""

    def rule(tidy: Mapping[str, Any], path: str) -> None:
        given = [name for name in names if tidy.get(name) is not None]
        if given and len(given) != len(names):
            raise wrong(join(path, given[0]), tidy[given[0]], f"{' and '.join(names)} only go together")

    return rule


def ordered(first: str, last: str) -> Rule:
    """Make the rule that a range does not end before it begins."""

    def rule(tidy: Mapping[str, Any], path: str) -> None:
        if first in tidy and last in tidy and tidy[last] < tidy[first]:
            raise wrong(join(path, last), tidy[last], f"at least {first}, {tidy[first]}")

    return rule


def join(path: str, name: str) -> str:
    """Write the path of a property."""
    return f"{path}.{name}" if path else name


def _json(value: Any, path: str, depth: int) -> Any:
    if depth == 0:
        raise wrong(path, "", f"nested deeper than {_DEEPEST} levels")
    if isinstance(value, dict):
        return {text(name, path): _json(entry, join(path, name), depth - 1) for name, entry in value.items()}
    if isinstance(value, list):
        return [_json(entry, f"{path}[{index}]", depth - 1) for index, entry in enumerate(value)]
    return text(value, path) if isinstance(value, str) else value
