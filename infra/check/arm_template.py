"""A template in JSON, used as a module: what ``docs/generate.py`` writes for Application Insights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from infra.check.errors import TemplateFault
from infra.check.expressions import Expressions
from infra.check.functions import functions
from infra.check.resource_types import RESOURCE_TYPES
from infra.check.resources import Resource
from infra.check.syntax import named, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_LINKS = {"type", "apiVersion", "name", "dependsOn"}


def _no_name(name: str) -> Any:
    raise KeyError(name)


class ArmTemplate:
    """A template in JSON with parameters.

    :raises TemplateFault: for a parameter that nobody declares, or one that is not given
    """

    def __init__(self, file: Path, arguments: Mapping[str, Any]) -> None:
        self._name = file.name
        self._body = json.loads(file.read_text())
        declared = self._body["parameters"]
        if unknown := set(arguments) - set(declared):
            raise TemplateFault(file.name, f"nobody declares the parameter {', '.join(sorted(unknown))}")
        self._values: dict[str, Any] = {}
        calls = {**functions(file.parent, {}), "parameters": self._values.__getitem__}
        self._expressions = Expressions(file.name, _no_name, calls, set())
        for name, entry in declared.items():
            if name not in arguments and "defaultValue" not in entry:
                raise TemplateFault(file.name, f"the parameter {name} is not given")
            default = entry.get("defaultValue")
            self._values[name] = arguments[name] if name in arguments else self._value(default)

    @property
    def outputs(self) -> dict[str, Any]:
        """None: nobody needs any."""
        return {}

    def resources(self) -> Iterator[Resource]:
        """Yield its resources.

        :raises TemplateFault: if one is of a type that is not checked here
        """
        for entry in self._body["resources"]:
            kind = RESOURCE_TYPES.get(entry["type"])
            if kind is None:
                raise TemplateFault(self._name, f"the type {entry['type']} is not checked here")
            body = {key: self._value(value) for key, value in entry.items() if key not in _LINKS}
            links = {"name": self._value(entry["name"])}
            yield Resource(entry["name"], self._name, kind, entry["apiVersion"], links, body.copy)

    def _value(self, value: Any) -> Any:
        """Work out what a text in brackets says: it is an expression as Bicep has them."""
        if isinstance(value, dict):
            return {key: self._value(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._value(each) for each in value]
        if not isinstance(value, str) or not value.startswith("["):
            return value
        (variable,) = named(parse(f"var value = {value[1:-1]}\n", self._name))
        return self._expressions.value(named(variable)[1])
