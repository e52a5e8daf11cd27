"""Which records were written lately. Whoever keeps them asks; the records do not know who.

A record is noted when it changes, not what changed: it is read when it is kept. So a note may come
before the last of the changes that belong together.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

DERIVED: Mapping[str, Any] = MappingProxyType({"derived": True})
"""Marks a field that is not kept, as it is rebuilt from other records."""


class Changes:
    """Records written and records dropped since the last ``clear``, each once."""

    def __init__(self) -> None:
        self._written: dict[object, None] = {}
        self._dropped: dict[object, None] = {}

    def __bool__(self) -> bool:
        return bool(self._written or self._dropped)

    @property
    def written(self) -> Collection[object]:
        """List the records that are new or differ from before."""
        return self._written.keys()

    @property
    def dropped(self) -> Collection[object]:
        """List the records that are gone; what belonged to them is gone too."""
        return self._dropped.keys()

    def note(self, record: object) -> None:
        """Note that a record is new, or not what it was."""
        self._written[record] = None

    def drop(self, record: object) -> None:
        """Note that a record is gone for good."""
        self._written.pop(record, None)
        self._dropped[record] = None

    def clear(self) -> None:
        """Begin anew: everything noted so far is kept."""
        self._written.clear()
        self._dropped.clear()
