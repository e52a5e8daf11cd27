"""Models of Azure's management clients, as kinds.

Two generations of generated code: of the older one (msrest), properties are in ``_attribute_map``; of the
newer one, they are of a class ``_RestField``. The types of both are annotations. Only the modules with models
are loaded, under names of their own: the clients beside them take seconds to import.
"""

from __future__ import annotations

import datetime as dt
import enum
import importlib
import sys
import types
import typing
import warnings
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import azure.mgmt.core

from infra.check.kinds import ANY, BOOL, INT, NUMBER, STRING, Entries, Enumeration, Field, Items, Kind

_ALIAS = "infra_models"
_TEXTS = (str, bytes, dt.datetime, dt.date, dt.time, dt.timedelta)
"""Types that are texts in JSON."""
_SCALARS: dict[Any, Kind] = {int: INT, float: NUMBER, bool: BOOL, **dict.fromkeys(_TEXTS, STRING)}
_WIRE = {"str": STRING, "int": INT, "long": INT, "float": NUMBER, "bool": BOOL, "object": ANY}


def folder_of(package: str) -> Path:
    """Return where a package is.

    :param package: below ``azure.mgmt``, for example ``batch`` or ``applicationinsights.v2020_02_02``
    """
    return Path(azure.mgmt.core.__file__).parent.parent / package.replace(".", "/")


@cache
def module_of(package: str) -> types.ModuleType:
    """Load the models of a package, and nothing else of it."""
    names = [_ALIAS, *package.split(".")]
    for count in range(1, len(names) + 1):
        name = ".".join(names[:count])
        if name not in sys.modules:
            stub = types.ModuleType(name)
            stub.__path__ = [str(folder_of(".".join(names[1:count])))]
            sys.modules[name] = stub
    with warnings.catch_warnings():
        # One of them has a docstring that newer Pythons warn of when they compile it.
        warnings.simplefilter("ignore")
        return importlib.import_module(f"{'.'.join(names)}.models")


@dataclass(frozen=True)
class Model:
    """A class of a package, as a record."""

    package: str
    cls: Any

    @property
    def name(self) -> str:
        """Name of the class."""
        return str(self.cls.__name__)

    @cached_property
    def fields(self) -> dict[str, Field]:
        """Its properties, by their names in JSON."""
        if hasattr(self.cls, "_attribute_map"):
            return self._mapped()
        return self._rest_fields()

    @property
    def discriminator(self) -> str | None:
        """Property that tells which variant an object is; None if there are none."""
        if getattr(self.cls, "_subtype_map", None):
            (attribute,) = self.cls._subtype_map  # noqa: SLF001  generated code has no other way to ask
            return str(self.cls._attribute_map[attribute]["key"])  # noqa: SLF001  likewise
        fields = [(name, each) for name, each in self._own_fields() if each._is_discriminator]  # noqa: SLF001  likewise
        return (fields[0][1]._rest_name_input or fields[0][0]) if fields and self.variants else None  # noqa: SLF001  likewise

    @cached_property
    def variants(self) -> dict[str, Model]:
        """The variants, by the value of the discriminator."""
        if getattr(self.cls, "_subtype_map", None):
            (named,) = self.cls._subtype_map.values()  # noqa: SLF001  likewise
            return {value: model(self.package, name) for value, name in named.items()}
        found = vars(self.cls).get("__mapping__") or {}
        return {value: Model(self.package, cls) for value, cls in found.items()}

    def _own_fields(self) -> list[tuple[str, Any]]:
        found = {}
        for cls in reversed(self.cls.__mro__):
            found.update(
                {name: each for name, each in vars(cls).items() if hasattr(each, "_rest_name_input")}
            )
        return list(found.items())

    def _rest_fields(self) -> dict[str, Field]:
        hints = _hints(self.package, self.cls)
        return {
            each._rest_name_input or name: Field(  # noqa: SLF001  likewise
                self._kind(hints[name]),
                is_required=type(None) not in typing.get_args(hints[name]),
                is_read_only=each._visibility == ["read"],  # noqa: SLF001  likewise
            )
            for name, each in self._own_fields()
        }

    def _mapped(self) -> dict[str, Field]:
        """Return the properties of the older generation, which has an object ``properties`` in its owner."""
        hints = _hints(self.package, self.cls.__init__)
        fields: dict[str, Field] = {}
        inner: dict[str, Field] = {}
        for name, entry in self.cls._attribute_map.items():  # noqa: SLF001  likewise
            rules = self.cls._validation.get(name, {})  # noqa: SLF001  likewise
            field = Field(
                self._kind(hints[name]) if name in hints else self._wire_kind(entry["type"]),
                is_required=bool(rules.get("required")),
                is_read_only=bool(rules.get("readonly")),
            )
            owner, _, key = entry["key"].partition(".")
            if key:
                inner[key] = field
            else:
                fields[owner] = field
        if inner:
            required = any(field.is_required for field in inner.values())
            fields["properties"] = Field(
                Flattened(f"{self.name}.properties", inner), required, is_read_only=False
            )
        return fields

    def _kind(self, hint: Any) -> Kind:
        """Turn an annotation into a kind."""
        if typing.get_origin(hint) is not None:
            return self._generic_kind(hint)
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return Enumeration(tuple(each.value for each in hint))
        if hint in _SCALARS:
            return _SCALARS[hint]
        return Model(self.package, hint) if _is_model(hint) else ANY

    def _generic_kind(self, hint: Any) -> Kind:
        """Turn an annotation with parts into a kind."""
        parts = [part for part in typing.get_args(hint) if part is not type(None)]
        if typing.get_origin(hint) is typing.Literal:
            return Enumeration(tuple(getattr(part, "value", part) for part in parts))
        if typing.get_origin(hint) in {typing.Union, types.UnionType}:
            kinds = [self._kind(part) for part in parts]
            enums = [kind for kind in kinds if isinstance(kind, Enumeration)]
            # A text or an enumeration: the service may know more values than the client, and we do not.
            return enums[0] if enums else kinds[0] if len(kinds) == 1 else ANY
        return Items(self._kind(parts[0])) if len(parts) == 1 else Entries(self._kind(parts[1]))

    def _wire_kind(self, text: str) -> Kind:
        """Turn a type of the older generation into a kind: of a property that is only read."""
        if text[0] in "[{":
            inner = self._wire_kind(text[1:-1])
            return Items(inner) if text[0] == "[" else Entries(inner)
        known = hasattr(module_of(self.package), text)
        return model(self.package, text) if known else _WIRE.get(text, STRING)


@dataclass(frozen=True)
class Flattened:
    """An object that the older generation has no class for."""

    name: str
    fields: dict[str, Field]
    discriminator: None = None

    @property
    def variants(self) -> dict[str, Model]:
        """None."""
        return {}


def _is_model(hint: Any) -> bool:
    return hasattr(hint, "_attribute_map") or any(
        "_rest_name_input" in dir(each) for each in vars(hint).values()
    )


@cache
def _hints(package: str, owner: Any) -> dict[str, Any]:
    models = module_of(package)
    return typing.get_type_hints(owner, localns={**vars(models), "_models": models})


@cache
def model(package: str, name: str) -> Model:
    """Return a class of a package.

    :raises LookupError: if it has none of this name
    """
    cls = getattr(module_of(package), name, None)
    if cls is None:
        raise LookupError(f"azure.mgmt.{package} has no model {name}")
    return Model(package, cls)
