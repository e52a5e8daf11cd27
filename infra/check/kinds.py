"""Types of values in a resource, and values that only Azure knows. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(Protocol):
    """The type of a value: one of the classes below."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value that has no parts.

    :param name: ``string``, ``int``, ``number``, ``bool``, or ``any`` for what a model leaves open
    """

    name: str


@dataclass(frozen=True, slots=True)
class Enumeration:
    """One of some values, which are texts nearly always."""

    values: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    item: Kind


@dataclass(frozen=True, slots=True)
class Entries:
    """An object whose keys are free."""

    value: Kind


@dataclass(frozen=True, slots=True)
class Field:
    """A property of a record.

    :param is_read_only: Azure alone sets it
    """

    kind: Kind
    is_required: bool
    is_read_only: bool


class Record(Protocol):
    """An object with properties of its own."""

    @property
    def name(self) -> str:
        """Name of the model."""

    @property
    def fields(self) -> Mapping[str, Field]:
        """Its properties, by their names in JSON."""

    @property
    def discriminator(self) -> str | None:
        """Property that tells which variant an object is; None if there are none."""

    @property
    def variants(self) -> Mapping[str, Record]:
        """The variants, by the value of that property."""


STRING, INT, NUMBER, BOOL, ANY = map(Scalar, ("string", "int", "number", "bool", "any"))


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is known once the resources are there.

    :param text: the expression that gives it
    """

    text: str
    kind: Kind

    def __str__(self) -> str:
        return f"<{self.text}>"
