"""Words for lists of names, cut to what a person reads. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def listed(names: Sequence[str], *, most: int, separator: str = ", ") -> str:
    """Return ``a, b and 3 more``.

    :param most: names to spell out; a sentence of thousands is cut off wherever it is shown
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return separator.join(names[:most]) + more
