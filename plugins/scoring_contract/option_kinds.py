"""Kinds of options: what a value may be, read from JSON or from a command line, and as JSON schema."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol


class Kind(Protocol):
    """What an option may be."""

    def read(self, value: Any) -> Any:
        """Return a value of the option's own type.

        :param value: from JSON or, as a text, from a command line
        :raises ValueError: with a sentence, if it may not be that
        """

    @property
    def schema(self) -> dict[str, Any]:
        """The same as JSON schema, for a form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A finite number.

    :param above: limit that is not allowed itself
    :param words: what it may be instead
    """

    above: float = -math.inf
    most: float = math.inf
    words: tuple[str, ...] = ()

    def read(self, value: Any) -> float | str:
        """Return the number, or one of the words.

        :raises ValueError: if it is neither a number within the bounds nor one of the words
        """
        if value in self.words:
            return str(value)
        number = _number(value)
        if not (math.isfinite(number) and self.above < number <= self.most):
            raise ValueError(f"{value} is not {self._bounds}")
        return number

    @property
    def schema(self) -> dict[str, Any]:
        """Its type and bounds; a form has the words as texts."""
        bounds = {"exclusiveMinimum": self.above, "maximum": self.most}
        finite = {name: bound for name, bound in bounds.items() if math.isfinite(bound)}
        return {"type": ["string", "number"] if self.words else "number", **finite}

    @property
    def _bounds(self) -> str:
        named = (("above", self.above), ("at most", self.most))
        return " and ".join(f"{name} {bound:g}" for name, bound in named if math.isfinite(bound)) or "finite"


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number, from ``least`` to ``most`` if there is a limit."""

    least: int
    most: int | None = None

    def read(self, value: Any) -> int:
        """Return the number.

        :raises ValueError: if it is not a whole number within the bounds
        """
        number = int(value) if isinstance(value, str) and value.isdecimal() else value
        is_whole = isinstance(number, int) and not isinstance(number, bool)
        if not is_whole or number < self.least or (self.most is not None and number > self.most):
            bounds = f"of {self.least} or more" if self.most is None else f"from {self.least} to {self.most}"
            raise ValueError(f"{value!r} is not a whole number {bounds}")
        return int(number)

    @property
    def schema(self) -> dict[str, Any]:
        """Its type and bounds."""
        return {
            "type": "integer",
            "minimum": self.least,
            **({} if self.most is None else {"maximum": self.most}),
        }


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, value: Any) -> str:
        """Return the word.

        :raises ValueError: if it is not one of them
        """
        if value not in self.words:
            raise ValueError(f"{value!r} is not one of {', '.join(self.words)}")
        return str(value)

    @property
    def schema(self) -> dict[str, Any]:
        """The words."""
        return {"type": "string", "enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Switch:
    """On or off; on a command line its flag turns it off."""

    def read(self, value: Any) -> bool:
        """Return whether it is on.

        :raises ValueError: if it is not true or false
        """
        if not isinstance(value, bool):
            raise ValueError(f"{value!r} is not true or false")  # noqa: TRY004  # one error for whatever is wrong
        return value

    @property
    def schema(self) -> dict[str, Any]:
        """Its type."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Names:
    """One or more different names of columns."""

    def read(self, value: Any) -> tuple[str, ...]:
        """Return the names.

        :raises ValueError: if it is not a list of names, or one of them is there twice
        """
        names = tuple(value) if isinstance(value, list | tuple) else ()
        if not names or not all(isinstance(name, str) and name and name.isprintable() for name in names):
            raise ValueError(f"{value!r} is not a list of names")
        if len(set(names)) != len(names):
            raise ValueError(f"{', '.join(names)} names a column twice")
        return names

    @property
    def schema(self) -> dict[str, Any]:
        """Names, each once."""
        return {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True}


def _number(value: Any) -> float:
    try:
        return float("" if isinstance(value, bool) else value)
    except (TypeError, ValueError):
        raise ValueError(f"{value!r} is not a number") from None  # the cause adds nothing
