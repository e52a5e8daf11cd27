"""Whether a run is good enough, and why not. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from scoring_contract.sensor_names import display_of
from sensor_scoring.hourly.outcome.summary import Outcome
from sensor_scoring.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sensor_scoring.hourly.outcome.summary import Summary
    from sensor_scoring.settings import Settings


_NAMED = 5


class Colour(StrEnum):
    """A run in one word."""

    GREEN = "green"
    AMBER = "amber"
    """Sensors failed, and no more of them than tolerated: Airflow shows the run as good."""
    RED = "red"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Colour of a run, with reasons.

    :param faults: why the run is red, a sentence each
    :param note: what is remarkable about a run that is not red; may be empty
    """

    colour: Colour
    faults: tuple[str, ...] = ()
    note: str = ""

    @classmethod
    def of(
        cls, summary: Summary | None, settings: Settings, *, failed_steps: Mapping[str, str] | None = None
    ) -> Self:
        """Judge a summary; none is a fault of its own.

        :param failed_steps: steps that failed, and why; asked only where there is no summary to say so
        """
        if summary is None:
            unsaid = "the run has no summary; see the log of the first step that failed"
            return cls(Colour.RED, tuple(step_sentences(failed_steps or {})) or (unsaid,))
        faults = tuple(_faults(summary, settings))
        if faults:
            return cls(Colour.RED, faults)
        if not summary.failed_share:
            return cls(Colour.GREEN)
        limit = settings.hourly.tolerated_failed_share
        return cls(Colour.AMBER, note=f"{summary.failed_share:.1%} failed, within the limit of {limit:.0%}")


def step_sentences(failed_steps: Mapping[str, str]) -> list[str]:
    """Say which steps failed, and why."""
    return [
        f"{step} failed: {reason}" if reason else f"{step} failed; see its log"
        for step, reason in failed_steps.items()
    ]


def _unmodelled(summary: Summary) -> str:
    sent = [display_of(line.sensor) for line in summary.having(Outcome.UNMODELLED)]
    sent += [f"pack {pack}" for pack in summary.unknown_packs]
    return (
        f"nothing was scored in {summary.hour}: there are readings of {listed(sent, most=_NAMED)}, and "
        "none of them has a model; train models, then clear 'plan' with Downstream"
    )


def _faults(summary: Summary, settings: Settings) -> Iterator[str]:
    if summary.failed_steps:
        yield from step_sentences(summary.failed_steps)
    elif summary.failed_share > settings.hourly.tolerated_failed_share:
        failed = summary.having(Outcome.FAILED)
        named = listed([display_of(line.sensor) for line in failed], most=_NAMED)
        yield (
            f"{len(failed)} sensors failed: {named}; "
            f"the limit is {settings.hourly.tolerated_failed_share:.0%}"
        )
    if summary.is_unmodelled:
        yield _unmodelled(summary)
    if summary.is_silent and settings.hourly.silent_hour_fails:
        yield f"no sensor sent readings in {summary.hour}"
