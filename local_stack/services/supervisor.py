"""Restarts parts of a stack that end by themselves. No clock: callers pass ``now``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from local_stack.services.processes import Server

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_STEADY_SECONDS = 300.0
"""After running this long, a part counts as healthy, and its next restart starts with the first pause."""


@dataclass(slots=True)
class _Trouble:
    ends: int = 0
    due: float | None = None
    """Time of the next start; None while it runs."""
    started: float = 0.0


class Supervisor:
    """Restarts servers that end, each time after twice the pause.

    :param say: called with a sentence for every end and every start
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._troubles: dict[Server, _Trouble] = {}

    def look(self, servers: Iterable[Server], *, now: float) -> bool:
        """Restart servers that are due.

        :param now: seconds of a monotonic clock
        :return: whether any was restarted
        """
        begun = [self._look_at(server, now) for server in servers]
        return any(begun)

    def _look_at(self, server: Server, now: float) -> bool:
        code = server.process.poll()
        if code is None:
            return False
        trouble = self._troubles.setdefault(server, _Trouble())
        if trouble.due is None:
            if trouble.ends and now - trouble.started > _STEADY_SECONDS:
                trouble.ends = 0
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**trouble.ends)
            trouble.ends, trouble.due = trouble.ends + 1, now + pause
            self._say(f"{server.name} ended with code {code}; it restarts in {pause:.0f} s")
        if now < trouble.due:
            return False
        server.start_again()
        trouble.due, trouble.started = None, now
        self._say(f"{server.name} was restarted; its log is {server.log}")
        return True
