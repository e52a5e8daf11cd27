"""Request bodies from the SDK's typed models: the smallest one, and one per field of each model."""

from __future__ import annotations

import sys
import types
import typing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VALUES: dict[str, Any] = {
    "id": "an-id",
    "lun": 0,
    "backendPort": 80,
    "frontendPortRangeStart": 40_000,
    "frontendPortRangeEnd": 40_100,
    "priority": 200,
    "sourceAddressPrefix": "*",
    "sourcePortRanges": ["*"],
    "fileMode": "0770",
    "maxTaskRetryCount": 1,
    "maxParallelTasks": 1,
    "maxBatchInstancePercent": 20,
    "maxUnhealthyInstancePercent": 20,
    "numberOfInstances": 1,
    "subnetId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s",
    "ipAddressIds": ["/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/publicIPAddresses/p"],
    "virtualMachineImageId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/i",
    "ipFamilies": ["IPv4"],
    "startWindow": "PT2M",
    "recurrenceInterval": "PT2M",
    "windowsConfiguration": None,
}
"""Values that obey the documented limits, where the type alone does not say."""
MACHINE = {
    "imageReference": {"publisher": "p", "offer": "o", "sku": "s"},
    "nodeAgentSKUId": "batch.node.ubuntu 24.04",
}
NEEDED: dict[str, dict[str, Any]] = {
    "BatchVmImageReference": {"publisher": "p", "offer": "o", "sku": "s"},
    "BatchPoolCreateOptions": {"virtualMachineConfiguration": MACHINE},
    "BatchPoolSpecification": {"virtualMachineConfiguration": MACHINE},
    "BatchAutoPoolSpecification": {
        "pool": {"vmSize": "standard_d2s_v3", "virtualMachineConfiguration": MACHINE}
    },
    "BatchJobSchedule": {"schedule": {}},
    "BatchPoolInfo": {"poolId": "elsewhere"},
    "UserIdentity": {"username": "u"},
    "BatchPoolResizeOptions": {"targetDedicatedNodes": 0},
    "OutputFileDestination": {"container": {"containerUrl": "http://127.0.0.1:9/c"}},
}
"""What the documentation asks for beside what the models do."""
ALONE = {
    "virtualMachineImageId": ("publisher", "offer", "sku"),
    "sharedGalleryImageId": ("publisher", "offer", "sku"),
    "communityGalleryImageId": ("publisher", "offer", "sku"),
    "autoPoolSpecification": ("poolId",),
    "autoUser": ("username",),
}
"""Properties that exclude others."""
WITH: dict[str, dict[str, Any]] = {"uid": {"gid": 1}, "gid": {"uid": 1}}
"""Properties that need others."""


@dataclass(frozen=True, slots=True)
class Samples:
    """What makes sample bodies valid where types alone do not say."""

    values: Mapping[str, Any] = field(default_factory=lambda: VALUES)
    needed: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: NEEDED)
    alone: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: ALONE)
    together: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: WITH)


DATA_PLANE = Samples()


@lru_cache
def _names_in(module: str) -> dict[str, Any]:
    """Return what the annotations of the models in a module speak of."""
    package = sys.modules[module.rpartition(".")[0]]
    public = {**vars(package), **vars(sys.modules[module])}
    return {**public, "_models": types.SimpleNamespace(**public)}


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a model."""

    wire_name: str
    kind: Any
    is_required: bool


def fields(model: Any) -> Iterator[Field]:
    """List what clients may send of a model."""
    if not hasattr(model, "_attr_to_rest_field"):
        model({})  # the first instance makes it
    hints = typing.get_type_hints(model, _names_in(model.__module__))
    for name, described in model._attr_to_rest_field.items():
        if described._visibility == ["read"]:
            continue
        options = [entry for entry in typing.get_args(hints[name]) if entry is not type(None)]
        is_optional = isinstance(hints[name], types.UnionType) or type(None) in typing.get_args(hints[name])
        kind = options[0] if is_optional and len(options) == 1 else hints[name]
        if is_optional and len(options) > 1:
            kind = typing.Union[tuple(options)]  # noqa: UP007  made of values, not written
        yield Field(described._rest_name, kind, not is_optional)


def smallest(model: Any, samples: Samples = DATA_PLANE) -> dict[str, Any]:
    """Return a body with the required fields only."""
    needed = samples.needed.get(model.__name__, {})
    return {
        each.wire_name: needed.get(each.wire_name, sample(each.kind, each.wire_name, samples))
        for each in fields(model)
        if each.is_required
    } | dict(needed)


def bodies_of(
    model: Any, samples: Samples = DATA_PLANE
) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Return a body for each field of a model and its nested models, with the path to that field."""
    for each in fields(model):
        base = {
            name: value
            for name, value in smallest(model, samples).items()
            if name not in samples.alone.get(each.wire_name, ())
        } | dict(samples.together.get(each.wire_name, {}))
        value = sample(each.kind, each.wire_name, samples)
        if value is None:
            continue
        yield (each.wire_name,), {**base, each.wire_name: value}
        inner, step = _model_in(each.kind)
        for path, body in bodies_of(inner, samples) if inner is not None else ():
            yield (each.wire_name, *step, *path), {**base, each.wire_name: [body] if step else body}


def sample(kind: Any, name: str, samples: Samples = DATA_PLANE) -> Any:
    """Return a value of a type that the service accepts."""
    if name in samples.values:
        return samples.values[name]
    inner, step = _model_in(kind)
    if inner is not None:
        return [smallest(inner, samples)] if step else smallest(inner, samples)
    if typing.get_origin(kind) is list:
        return [sample(typing.get_args(kind)[0], f"{name}[]", samples)]
    for entry in typing.get_args(kind) or (kind,):
        if isinstance(entry, type) and issubclass(entry, Enum):
            return next(iter(entry)).value
    return _plain(kind)


def at(body: Any, path: tuple[str | int, ...]) -> Any:
    """Return the value at a path."""
    for step in path:
        body = body[step]
    return body


def replaced(body: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """Copy a body with another value at a path."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(body, list):
        return [replaced(entry, rest, value) if index == step else entry for index, entry in enumerate(body)]
    return {**body, step: replaced(body[step], rest, value)}


def _model_in(kind: Any) -> tuple[Any, tuple[int, ...]]:
    """Tell the model that a type is, or is a list of."""
    if typing.get_origin(kind) is list:
        inner, _ = _model_in(typing.get_args(kind)[0])
        return inner, (0,)
    is_model = isinstance(kind, type) and kind.__module__.endswith(".models._models")
    return (kind if is_model else None), ()


def _plain(kind: Any) -> Any:
    if typing.get_origin(kind) is dict:
        return {"name": "value"}
    return {
        str: "text",
        int: 5,
        bool: True,
        timedelta: "PT10M",
        datetime: "2030-01-01T00:00:00Z",
    }[kind]
