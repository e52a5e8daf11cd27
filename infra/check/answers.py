"""What a resource says of itself once it is there, by its model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.check.kinds import ANY, Entries, Kind, Unknown


@dataclass(frozen=True)
class Answer:
    """An object of which only the model is known.

    :param text: the expression that gives it
    """

    text: str
    kind: Any

    def part_of(self, key: str) -> tuple[Any, bool]:
        """Return a part; whatever it is, Azure alone knows it.

        :raises LookupError: if the model has no such property
        """
        text = f"{self.text}.{key}"
        if self.kind == ANY:
            return Unknown(text, ANY), True
        if isinstance(self.kind, Entries):
            return _answer(text, self.kind.value), True
        field = self.kind.fields.get(key)
        if field is None:
            raise LookupError(f"{self.text} has no {key}: {self.kind.name} has {', '.join(self.kind.fields)}")
        return _answer(text, field.kind), True


def _answer(text: str, kind: Kind) -> Any:
    is_object = isinstance(kind, Entries) or hasattr(kind, "fields")
    return Answer(text, kind) if is_object else Unknown(text, kind)
