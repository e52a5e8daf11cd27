"""Command-line options of sending: pace, disturbances, state."""

from __future__ import annotations

import argparse
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ingest.devices.disturbances import Disturbances, Silence
from ingest.event_hub import CONNECTION_VARIABLE
from scoring_contract.reading_files.timestamps import moment_of, read_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

_Value = TypeVar("_Value")
_LONGEST_DELAY = timedelta(days=30)
"""What is delayed waits in memory."""
_MOST_PERCENT = 1000


def add_sending_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to a command that sends events to the hub of the environment."""
    sending = parser.add_argument_group("how events are sent", f"The hub is that of {CONNECTION_VARIABLE}.")
    sending.add_argument(
        "--speed",
        type=_positive,
        metavar="TIMES",
        help="1 sends each reading at its moment, 60 so many times faster; default: as fast as possible",
    )
    sending.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="keeps what was acknowledged; the same command goes on from there",
    )
    sending.add_argument(
        "--keep-arrival",
        action="store_true",
        help="note the time of arrival in each event, for a local hub with --clock events",
    )
    _add_disturbances(parser)


def _add_disturbances(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("what disturbs the devices").add_argument
    defaults = Disturbances()
    add(
        "--late",
        type=_of_device(_delay),
        action="append",
        default=[],
        metavar="DEVICE=SECONDS",
        help="all readings of a device arrive so much later; repeatable",
    )
    for name, what in (("late", "arrive late"), ("twice", "are sent twice"), ("disorder", "are overtaken")):
        add(
            f"--{name}-share",
            type=_share,
            default=0,
            metavar="SHARE",
            help=f"share of readings that {what}, from 0 to 1",
        )
    add(
        "--late-seconds",
        type=_delay,
        default=defaults.late_up_to,
        metavar="SECONDS",
        help=f"how late they arrive at most; default: {defaults.late_up_to.total_seconds():g}",
    )
    add(
        "--disorder-seconds",
        type=_delay,
        default=defaults.disorder_up_to,
        metavar="SECONDS",
        help="how long others have to overtake them: half of it to all of it; "
        f"default: {defaults.disorder_up_to.total_seconds():g}",
    )
    add(
        "--silent",
        type=_of_device(_silence),
        action="append",
        default=[],
        metavar="DEVICE=FROM/TO",
        help="a device sends nothing from one moment, UTC, to another; repeatable",
    )
    add(
        "--drift",
        type=_of_device(_percent),
        action="append",
        default=[],
        metavar="DEVICE=PERCENT",
        help="the values of a device grow by so many percent of themselves in a day; repeatable",
    )


def disturbances_of(order: argparse.Namespace, *, seed: int) -> Disturbances:
    """Return the disturbances that the options describe.

    :raises ValueError: if a device has two delays or drifts
    """
    silences: dict[str, tuple[Silence, ...]] = {}
    for device, silence in order.silent:
        silences[device] = (*silences.get(device, ()), silence)
    return Disturbances(
        seed=seed,
        late=_by_device(order.late, "--late"),
        late_share=order.late_share,
        late_up_to=order.late_seconds,
        twice_share=order.twice_share,
        disorder_share=order.disorder_share,
        disorder_up_to=order.disorder_seconds,
        silent=silences,
        drift=_by_device(order.drift, "--drift"),
    )


def _by_device(given: Iterable[tuple[str, _Value]], option: str) -> dict[str, _Value]:
    found: dict[str, _Value] = {}
    for device, value in given:
        if device in found:
            raise ValueError(f"{option} names the device {device} twice")
        found[device] = value
    return found


def _of_device(read: Callable[[str], _Value]) -> Callable[[str], tuple[str, _Value]]:
    """Return a function that reads ``DEVICE=...``; a name may contain ``=``."""

    def read_both(text: str) -> tuple[str, _Value]:
        device, _, value = text.rpartition("=")
        if not device:
            raise argparse.ArgumentTypeError(f"{text!r} names no device before =")
        try:
            return device, read(value)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r}: {error}") from error

    return read_both


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return share


def _delay(text: str) -> timedelta:
    seconds = float(text)
    if not 0 <= seconds <= _LONGEST_DELAY.total_seconds():
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {_LONGEST_DELAY.days} days in seconds")
    return timedelta(seconds=seconds)


def _percent(text: str) -> float:
    percent = float(text)
    if not abs(percent) <= _MOST_PERCENT:
        raise argparse.ArgumentTypeError(f"{text} is not between -{_MOST_PERCENT} and {_MOST_PERCENT}")
    return percent


def _silence(text: str) -> Silence:
    begin, _, end = text.partition("/")
    return Silence(_moment(begin), _moment(end))


def _moment(text: str) -> datetime:
    found = read_timestamp(text)
    if found is None:
        raise ValueError(f"{text!r} is not a moment like 2018-08-29T02:10:00Z")
    return moment_of(found[0])
