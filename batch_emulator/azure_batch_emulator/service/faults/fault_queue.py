"""Pending faults: each for one target or any, a number of times or until cleared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

_Effect = TypeVar("_Effect")


@dataclass(slots=True)
class PendingFault(Generic[_Effect]):
    """A fault that is still to happen."""

    target: str | None
    """What it is for, as its kind understands it; None for anything."""
    effect: _Effect
    left: int | None
    """How many times it is still to happen; None until it is cleared."""


class FaultQueue(Generic[_Effect]):
    """Faults of one kind, the oldest first."""

    def __init__(self) -> None:
        self._pending: list[PendingFault[_Effect]] = []

    def __iter__(self) -> Iterator[PendingFault[_Effect]]:
        return iter(self._pending)

    def add(self, effect: _Effect, *, target: str | None, times: int | None) -> None:
        """Inject a fault."""
        self._pending.append(PendingFault(target, effect, times))

    def take(self, target: str) -> _Effect | None:
        """Return the effect of the oldest fault for a target, and count it; None if there is none."""
        for pending in self._pending:
            if pending.target in {None, target}:
                if pending.left is not None:
                    pending.left -= 1
                    if not pending.left:
                        self._pending.remove(pending)
                return pending.effect
        return None

    def clear(self) -> None:
        """Forget them all."""
        self._pending.clear()
