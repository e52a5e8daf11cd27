"""Functions of Bicep, as far as the templates use them. Pure, but for files that a template loads.

Names that Azure would hash are made up; they have the form and the length of real ones.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any

from infra.check.kinds import ANY, STRING, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/example"
LOCATION = "westeurope"
_CLOUD = {"suffixes": {"acrLoginServer": ".registry.example", "storage": "core.example"}}
"""Host names of a cloud that does not exist: a template that spells out a real one shows."""


def functions(folder: Path, environ: Mapping[str, str]) -> dict[str, Callable[..., Any]]:
    """Return the functions by name.

    :param folder: of the template: files that it loads are relative to it
    :param environ: environment that ``readEnvironmentVariable`` reads
    """
    return {
        **{name: _of_known(name, each) for name, each in _PURE.items()},
        "resourceGroup": lambda: {"id": GROUP, "location": LOCATION, "name": "example"},
        "subscription": lambda: {"id": SUBSCRIPTION, "tenantId": str(uuid.UUID(int=2))},
        "environment": lambda: _CLOUD,
        "resourceId": lambda kind, name: f"{GROUP}/providers/{kind}/{name}",
        "subscriptionResourceId": lambda kind, name: f"{SUBSCRIPTION}/providers/{kind}/{name}",
        "loadTextContent": lambda name: (folder / name).read_text(),
        "loadJsonContent": lambda name: json.loads((folder / name).read_text()),
        "readEnvironmentVariable": lambda name, *default: _variable(environ, name, *default),
    }


def _variable(environ: Mapping[str, str], name: str, *default: str) -> str:
    """Return a variable.

    :raises ValueError: if it is not set, and nothing is said for that case
    """
    for value in (environ.get(name), *default):
        if value is not None:
            return value
    raise ValueError(f"the environment has no variable {name}")


def _of_known(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        unknown = [str(each) for each in arguments if isinstance(each, Unknown)]
        if unknown:
            return Unknown(f"{name}({', '.join(unknown)})", STRING if name in _TEXTS else ANY)
        return function(*arguments)

    return call


def _unique(*seeds: str) -> str:
    digest = hashlib.sha256("".join(seeds).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:13]


def _guid(*seeds: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "|".join(seeds)))


def _string(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), default=str)


def _union(*objects: Any) -> Any:
    """Join objects, the last one first; or lists, each item once."""
    if isinstance(objects[0], list):
        joined = [item for each in objects for item in each]
        return [item for place, item in enumerate(joined) if item not in joined[:place]]
    merged: dict[str, Any] = {}
    for each in objects:
        for key, value in each.items():
            both = isinstance(value, dict) and isinstance(merged.get(key), dict)
            merged[key] = _union(merged[key], value) if both else value
    return merged


_TEXTS = {"guid", "replace", "string", "uniqueString"}
_PURE: dict[str, Callable[..., Any]] = {
    "empty": lambda value: not value,
    "filter": lambda items, is_kept: [item for item in items if is_kept(item)],
    "guid": _guid,
    "json": json.loads,
    "map": lambda items, change: [change(item) for item in items],
    "replace": lambda text, old, new: text.replace(old, new),
    "string": _string,
    "union": _union,
    "uniqueString": _unique,
}
