"""Starts parts of a standing stack again that have ended by themselves. No clock: callers pass ``now``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from local_stack.processes import Server

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_STEADY_SECONDS = 300.0
"""What has run for so long is well: its next end is a first one."""


@dataclass(slots=True)
class _Trouble:
    ends: int = 0
    due: float | None = None
    """When to start it again; None while it runs."""
    started: float = 0.0


class Supervisor:
    """Looks after servers: one that ends is started again, each time after a pause twice as long.

    :param say: told every end and every start, in one sentence each
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._troubles: dict[Server, _Trouble] = {}

    def look(self, servers: Iterable[Server], *, now: float) -> bool:
        """Start what is due.

        :param now: seconds of a clock that never goes back
        :return: whether something was started
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
            self._say(f"{server.name} ended with code {code}; it is started again in {pause:.0f} s")
        if now < trouble.due:
            return False
        server.start_again()
        trouble.due, trouble.started = None, now
        self._say(f"{server.name} was started again; its log is {server.log}")
        return True
