"""Advancing a manual clock: everything that falls due on the way happens, each thing at its own moment."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from azure_batch_emulator.runner.interface import Predictable

if TYPE_CHECKING:
    from datetime import datetime

    from azure_batch_emulator.clock import ManualClock
    from azure_batch_emulator.service.engine import Engine


async def advance(engine: Engine, clock: ManualClock, by: timedelta) -> None:
    """Advance the clock and return when everything that fell due is done; for the engine's own loop.

    With a runner that is ``Predictable`` time stops at every moment at which something falls due, until
    all that follows from it is done. Real processes take their own time.

    :raises ValueError: if ``by`` is negative
    """
    if by < timedelta():
        raise ValueError("time does not run backwards here")
    end = clock.now() + by
    if isinstance(engine.runner, Predictable):
        while (moment := await _calm(engine, clock, engine.runner)) is not None and moment <= end:
            clock.catch_up(moment)
    clock.catch_up(end)
    _catch_up(engine, clock)


async def _calm(engine: Engine, clock: ManualClock, runner: Predictable) -> datetime | None:
    """Let everything happen that is to happen now; tell when the next thing falls due."""
    _catch_up(engine, clock)
    # A rule may ask the emulator something: the loop stays free while it is waited for.
    while await asyncio.to_thread(runner.wait):
        _catch_up(engine, clock)
    return engine.core.timers.next_moment()


def _catch_up(engine: Engine, clock: ManualClock) -> None:
    engine.advance(to=clock.now())
    engine.settle()
