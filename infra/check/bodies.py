"""Compares what a template sends with the models of Azure's clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.check.answers import Answer
from infra.check.kinds import ANY, BOOL, INT, NUMBER, STRING, Entries, Enumeration, Items, Scalar, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.check.kinds import Kind
    from infra.check.resources import Resource

_TYPES: dict[Scalar, tuple[type, ...]] = {STRING: (str,), INT: (int,), NUMBER: (int, float), BOOL: (bool,)}
GAPS = {
    "Microsoft.StreamAnalytics/streamingjobs": {
        # The specification of the API version has it for reference data too; the client of 2022 does not yet.
        "properties.inputs[1].properties.datasource.properties.authenticationMode",
    },
}
"""Properties that are right although the models do not have them."""


def faults_of(resource: Resource) -> list[str]:
    """Say what is wrong with a resource, a sentence each."""
    known = resource.kind.api_version
    faults = list(_faults(resource.body, resource.kind.body, ""))
    if resource.api_version != known:
        faults.insert(0, ("", f"API version {resource.api_version}: the models describe {known}"))
    gaps = GAPS.get(resource.kind.name, set())
    unused = gaps - {path for path, _ in faults}
    found = [f"{path} {what}".lstrip() for path, what in faults if path not in gaps]
    found += [f"{path} is no gap of the models any more" for path in sorted(unused)]
    return [f"{resource.place}: {resource.kind.name}: {fault}" for fault in found]


def _faults(value: Any, kind: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a value: where, and what.

    :param kind: what it should be
    """
    if kind == ANY or value is None:
        return
    if isinstance(value, Unknown | Answer):
        if not _may_be(value.kind, kind):
            yield path, f"is {value.text}, which is of another type"
    elif isinstance(kind, Enumeration | Scalar):
        yield from ((path, what) for what in _plain_faults(value, kind))
    elif isinstance(kind, Items):
        yield from _item_faults(value, kind, path)
    elif not isinstance(value, dict):
        yield path, f"is {value!r}, and no object"
    elif isinstance(kind, Entries):
        for key, each in value.items():
            yield from _faults(each, kind.value, f"{path}.{key}".lstrip("."))
    else:
        yield from _record_faults(value, kind, path)


def _plain_faults(value: Any, kind: Enumeration | Scalar) -> Iterator[str]:
    if isinstance(kind, Enumeration):
        if value not in kind.values:
            yield f"is {value!r}, and none of {', '.join(map(str, kind.values))}"
    elif not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != BOOL):
        yield f"is {value!r}, and no {kind.name}"


def _item_faults(value: Any, kind: Items, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list):
        yield path, f"is {value!r}, and no list"
        return
    for place, item in enumerate(value):
        yield from _faults(item, kind.item, f"{path}[{place}]")


def _may_be(kind: Kind, wanted: Kind) -> bool:
    """Whether a value that Azure alone knows fits, as far as its model tells."""
    texts = {kind, wanted} - {STRING}
    return kind in {ANY, wanted} or all(isinstance(each, Enumeration) for each in texts)


def _record_faults(value: dict[str, Any], kind: Any, path: str) -> Iterator[tuple[str, str]]:
    if kind.discriminator is not None:
        chosen = value.get(kind.discriminator)
        if chosen not in kind.variants:
            yield f"{path}.{kind.discriminator}", f"is {chosen!r}, and none of {', '.join(kind.variants)}"
            return
        kind = kind.variants[chosen]
    for key, each in value.items():
        inner = f"{path}.{key}".lstrip(".")
        field = kind.fields.get(key)
        if field is None:
            yield inner, f"is no property: {kind.name} has {', '.join(sorted(kind.fields))}"
        elif field.is_read_only:
            yield inner, "can only be read"
        else:
            yield from _faults(each, field.kind, inner)
    for key, field in kind.fields.items():
        if field.is_required and not field.is_read_only and value.get(key) is None:
            yield f"{path}.{key}".lstrip("."), "is missing"
