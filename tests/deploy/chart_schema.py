"""The part of the chart's schema that our values meet: types and names of keys, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEPT = ("type", "enum", "additionalProperties")


def reduced(schema: Mapping[str, Any], values: Any) -> dict[str, Any]:
    """Return what a schema says of the keys that values use; any other key is refused.

    :param schema: a schema of JSON, draft 7; references are to its own definitions
    :param values: what it is asked about
    """
    return _of(schema, values, schema)


def _of(schema: Mapping[str, Any], values: Any, whole: Mapping[str, Any]) -> dict[str, Any]:
    schema = _resolved(schema, whole)
    found = {name: schema[name] for name in _KEPT if name in schema}
    if isinstance(values, list) and isinstance(schema.get("items"), dict):
        found["items"] = _of(schema["items"], _merged(values), whole)
    properties = schema.get("properties")
    if isinstance(values, dict) and properties:
        found["properties"] = {
            name: _of(properties[name], value, whole) for name, value in values.items() if name in properties
        }
        found["additionalProperties"] = False
    elif isinstance(found.get("additionalProperties"), dict):
        found["additionalProperties"] = {
            name: found["additionalProperties"][name]
            for name in ("type",)
            if name in found["additionalProperties"]
        }
    return found


def _resolved(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    target: Any = whole
    for part in str(schema["$ref"]).removeprefix("#/").split("/"):
        target = target[part]
    return {**_resolved(target, whole), **{name: value for name, value in schema.items() if name != "$ref"}}


def _merged(values: list[Any]) -> Any:
    """Return one value with the keys of all."""
    merged: dict[str, Any] = {}
    for value in values:
        if not isinstance(value, dict):
            return value
        merged |= value
    return merged
