"""What is done for a simulated fleet again and again: its readings are sent, and its day is scored."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from local_stack.services.untiring import Untiring

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_stack.airflow.client import AirflowClient
    from local_stack.fleet.demo import Demo
    from local_stack.fleet.live_fleet import LiveFleet

BEAT_SECONDS = 1.0
"""Time between two turns."""
BRIEFLY_SECONDS = 10.0
"""Patience of the client: whoever takes turns waits for none of them for long."""


def say(sentence: str) -> None:
    """Print a sentence with the time."""
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z {sentence}", flush=True)


@dataclass(slots=True)
class FleetTurns:
    """A fleet and, if it has one, its day.

    :param client: logs in to Airflow; the caller closes what it returns
    """

    fleet: LiveFleet
    demo: Demo | None
    client: Callable[[], AirflowClient]
    _sending: Untiring = field(init=False)
    _scoring: Untiring = field(init=False)

    def __post_init__(self) -> None:
        self._sending = Untiring("simulated readings could not be sent", say=say)
        self._scoring = Untiring("the simulated day is not scored yet", say=say)

    def take(self) -> None:
        """Do what is due; what fails is said once, and tried again in the next turn."""
        self._sending.attempt(self._send)
        demo = self.demo
        if demo is not None and demo.is_due(is_sending=self.fleet.is_sending):
            self._scoring.attempt(lambda: self._score(demo))

    def _send(self) -> None:
        for hour in self.fleet.go_on(now=datetime.now(UTC)):
            say(f"simulated readings of {hour} were sent")

    def _score(self, demo: Demo) -> None:
        with closing(self.client()) as web:
            done = demo.go_on(web, self.fleet)
        if done:
            say(done)
