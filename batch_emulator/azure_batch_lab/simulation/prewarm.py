"""Announced load: a pool that is told before the hour how many nodes it is to have.

Somebody who knows when work comes sends the pool its own formula again, with a floor that lasts a while
appended to it. The request is refused while the pool is resizing, as on the service, and then tried again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale import Formula
from azure_batch_emulator.autoscale.printer import written
from azure_batch_emulator.errors import ApiError
from azure_batch_lab.errors import BadInput
from azure_batch_lab.spans import parse_span, span_text

if TYPE_CHECKING:
    from datetime import datetime

    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.service.engine import Engine

DEFAULT_HOLD = timedelta(minutes=15)
_PAUSE = timedelta(seconds=30)
_PREWARM = re.compile(r"(?P<nodes>\d{1,6})@(?P<at>-?[^/@]+)(?:/(?P<hold>[^/@]+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Prewarm:
    """A floor that is announced in every hour."""

    nodes: int
    at: timedelta
    """Since the beginning of the hour; negative for before it."""
    hold: timedelta = DEFAULT_HOLD
    """How long the floor lasts."""

    @classmethod
    def parse(cls, text: str) -> Prewarm:
        """Read ``NODES@WHEN`` or ``NODES@WHEN/HOLD``, such as ``8@-5m/15m``.

        :raises BadInput: if it is neither
        """
        found = _PREWARM.fullmatch(text.strip())
        if found is None:
            raise BadInput(f"{text!r} is not an announcement such as 8@-5m or 8@-5m/15m")
        hold = parse_span(found["hold"]) if found["hold"] else DEFAULT_HOLD
        if hold <= timedelta():
            raise BadInput("an announcement has to last a while")
        return cls(int(found["nodes"]), parse_span(found["at"]), hold)

    def __str__(self) -> str:
        return f"{self.nodes}@{span_text(self.at)}/{span_text(self.hold)}"

    def formula(self, plain: str, *, until: datetime) -> str:
        """Append the floor to a formula; one that ends in ``stop()`` never gets there."""
        text = until.strftime("%Y-%m-%dT%H:%M:%SZ")
        floor = f'max($TargetDedicatedNodes, time() < time("{text}") ? {self.nodes} : 0)'
        # Written anew, as a comment or a missing semicolon at the end would swallow what is appended.
        return f"{written(Formula.parse(plain).script)}\n$TargetDedicatedNodes = {floor};"


class Announcer:
    """Sends one pool the announcements of all its hours."""

    def __init__(self, engine: Engine, pool: Pool, prewarm: Prewarm, *, plain: str) -> None:
        self._engine, self._pool = engine, pool
        self._prewarm, self._plain = prewarm, plain
        self.refused = 0
        """Requests that the pool refused, as it was resizing."""

    def plan(self, hour: datetime) -> None:
        """Note to announce the work of an hour."""
        moment = hour + self._prewarm.at
        until = moment + self._prewarm.hold
        self._engine.core.timers.at(moment, partial(self._announce, until))

    def _announce(self, until: datetime) -> None:
        if self._engine.core.now >= until:
            return
        body = {"autoScaleFormula": self._prewarm.formula(self._plain, until=until)}
        try:
            self._engine.autoscaling.enable(self._pool, body)
        except ApiError as error:
            if error.status < 409:  # noqa: PLR2004 - a formula that cannot be read; waiting will not help
                raise
            self.refused += 1
            self._engine.core.after(_PAUSE, partial(self._announce, until))
