"""Whether a run is good enough, and why not. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from sensor_scoring.summary import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor_scoring.settings import Settings
    from sensor_scoring.summary import Summary


class Colour(StrEnum):
    """A run in one word."""

    GREEN = "green"
    AMBER = "amber"
    """Sensors failed, and no more of them than tolerated: Airflow shows the run as good."""
    RED = "red"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run comes to.

    :param faults: why the run is red, a sentence each
    :param note: what is remarkable about a run that is not red; may be empty
    """

    colour: Colour
    faults: tuple[str, ...] = ()
    note: str = ""

    @classmethod
    def of(cls, summary: Summary | None, settings: Settings) -> Self:
        """Judge a summary; none is a fault of its own."""
        if summary is None:
            return cls(Colour.RED, ("the run has no summary; see the log of the first step that failed",))
        faults = tuple(_faults(summary, settings))
        if faults:
            return cls(Colour.RED, faults)
        if not summary.failed_share:
            return cls(Colour.GREEN)
        tolerated = f"{summary.failed_share:.1%} failed, tolerated are {settings.tolerated_failed_share:.0%}"
        return cls(Colour.AMBER, note=tolerated)


def _faults(summary: Summary, settings: Settings) -> Iterator[str]:
    if summary.failed_steps:
        yield f"{', '.join(summary.failed_steps)} failed"
    elif summary.failed_share > settings.tolerated_failed_share:
        failed = summary.having(Outcome.FAILED)
        yield (
            f"{len(failed)} sensors failed: {', '.join(sensor.sensor for sensor in failed)}; "
            f"tolerated is {settings.tolerated_failed_share:.0%}"
        )
    if summary.is_silent and settings.silent_hour_fails:
        yield f"no sensor sent anything in {summary.hour}"
