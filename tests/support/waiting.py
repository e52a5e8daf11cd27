"""Waiting for what other processes and threads do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Result = TypeVar("_Result")
NEVER_SECONDS = 900.0
"""Nothing takes that long; a guard against hanging, behind pytest's own of most tests."""
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.02, 0.2


def until(condition: Callable[[], _Result]) -> _Result:
    """Poll a condition until it is true, in pauses that grow; return its result.

    :raises AssertionError: if it does not become true
    """
    deadline, pause = time.monotonic() + NEVER_SECONDS, _FIRST_PAUSE_SECONDS
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not true after {NEVER_SECONDS:.0f} s"
        time.sleep(pause)
        pause = min(1.2 * pause, _LONGEST_PAUSE_SECONDS)
    return result
