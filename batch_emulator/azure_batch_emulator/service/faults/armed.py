"""Faults that wait for their occasion: each for something or for anything, so many times or until cleared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

_Effect = TypeVar("_Effect")


@dataclass(slots=True)
class Armed(Generic[_Effect]):
    """One fault that waits."""

    target: str | None
    """What it is for, as its kind understands it; None for anything."""
    effect: _Effect
    left: int | None
    """How many times it is still to happen; None until it is cleared."""


class Rack(Generic[_Effect]):
    """Faults of one kind, the oldest first."""

    def __init__(self) -> None:
        self._armed: list[Armed[_Effect]] = []

    def __iter__(self) -> Iterator[Armed[_Effect]]:
        return iter(self._armed)

    def arm(self, effect: _Effect, *, target: str | None, times: int | None) -> None:
        """Let something happen at the next occasions."""
        self._armed.append(Armed(target, effect, times))

    def take(self, occasion: str) -> _Effect | None:
        """Tell what is to happen at an occasion, and count it; None if all is to go well."""
        for armed in self._armed:
            if armed.target in {None, occasion}:
                if armed.left is not None:
                    armed.left -= 1
                    if not armed.left:
                        self._armed.remove(armed)
                return armed.effect
        return None

    def clear(self) -> None:
        """Forget them all."""
        self._armed.clear()
