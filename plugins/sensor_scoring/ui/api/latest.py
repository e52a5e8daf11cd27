"""What was made last, for as long as it would be made alike."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Made = TypeVar("_Made")


class Latest(Generic[_Made]):
    """Something that takes long to make, kept until what it is made of has changed."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: tuple[str, _Made] | None = None

    def of(self, state: str, make: Callable[[], _Made]) -> _Made:
        """Return it; who asks meanwhile waits for the one that is being made.

        :param state: of what it is made of, for example an ETag
        """
        with self._lock:
            if self._kept is None or self._kept[0] != state:
                self._kept = state, make()
            return self._kept[1]
