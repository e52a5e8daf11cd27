"""One look at a service for all who ask at once, and for those who ask within the next seconds.

A page that several people keep open must not cost one call after another for each of them; and when a
service does not answer, those who wait must not take the threads that Airflow's own pages need.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Key = TypeVar("_Key")
_Look = TypeVar("_Look")

LASTS_SECONDS = 3.0
"""For so long a look is shown to others; pages ask again every five."""
PATIENCE_SECONDS = 30.0
"""For so long somebody waits for a look."""
_AT_ONCE = 4
MOST = 64
"""Looks that are kept."""


@dataclass(slots=True)
class _Taken(Generic[_Look]):
    look: Future[_Look]
    ended: float | None = None
    """When it was there, or had failed; None while it is under way."""


class SharedLooks(Generic[_Key, _Look]):
    """Looks by what they are at. Ask for one on an event loop.

    :param take: takes a look, on a thread of ours; what it raises is told to all who wait for it
    :param clock: in seconds, never going back
    """

    def __init__(self, take: Callable[[_Key], _Look], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._take = take
        self._clock = clock
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="look")
        self._taken: dict[_Key, _Taken[_Look]] = {}

    async def of(self, key: _Key) -> _Look:
        """Return a look that is at most some seconds old.

        :raises TimeoutError: if it takes too long; it goes on, for whoever asks next
        """
        now = self._clock()
        taken = self._taken.get(key)
        if taken is None or self._is_over(taken, now):
            taken = self._begun(key, now)
        # Whoever closes the page meanwhile must not take the look from the others.
        look = asyncio.shield(asyncio.wrap_future(taken.look))
        return await asyncio.wait_for(look, PATIENCE_SECONDS)

    def _begun(self, key: _Key, now: float) -> _Taken[_Look]:
        if len(self._taken) >= MOST:
            self._taken = {each: it for each, it in self._taken.items() if not self._is_over(it, now)}
        taken = _Taken(self._threads.submit(self._take, key))
        taken.look.add_done_callback(lambda _: setattr(taken, "ended", self._clock()))
        self._taken[key] = taken
        return taken

    @staticmethod
    def _is_over(taken: _Taken[_Look], now: float) -> bool:
        return taken.ended is not None and now - taken.ended >= LASTS_SECONDS
