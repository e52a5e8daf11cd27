"""Command-line options of a simulated fleet."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ingest.simulator import Fleet
from scoring_contract.errors import LayoutError
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from argparse import Namespace

DEFAULT_HOURS = 3


def add_fleet_options(parser: argparse.ArgumentParser, *, needs_end: bool) -> None:
    """Add the options to a command.

    :param needs_end: whether ``--until`` must be there
    """
    add = parser.add_argument
    add("--devices", type=_at_least_one, default=3, help="number of devices; default: 3")
    add("--tags", type=_at_least_one, default=5, help="tags per device; default: 5")
    add("--seed", type=int, default=7, help="same seed, same readings; default: 7")
    add(
        "--hours",
        type=_at_least_one,
        help=f"number of hours, of which the last one has anomalies; default: {DEFAULT_HOURS}",
    )
    add(
        "--anomalous",
        type=_hour,
        action="append",
        metavar="YYYY-MM-DDTHH",
        help="an hour with anomalies, UTC, instead of the last one; repeatable",
    )
    add(
        "--until",
        type=_hour,
        required=needs_end,
        metavar="YYYY-MM-DDTHH",
        help="first hour after the readings, UTC" + ("" if needs_end else "; default: no end, from now on"),
    )


def fleet_of(order: Namespace) -> Fleet:
    """Return the fleet that the options describe."""
    return Fleet(devices=order.devices, tags=order.tags, seed=order.seed)


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def _hour(text: str) -> RunHour:
    try:
        return RunHour.read(text)
    except LayoutError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
