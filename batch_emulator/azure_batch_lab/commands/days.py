"""Options of everything that simulates days: what there is to do, what nodes are like, what they cost."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.samples import LAG
from azure_batch_lab.errors import BadInput
from azure_batch_lab.simulation.durations import Durations
from azure_batch_lab.simulation.outcome import Prices
from azure_batch_lab.simulation.simulator import Cluster
from azure_batch_lab.simulation.workload import Pattern, Workload
from azure_batch_lab.spans import parse_lag, parse_span, span_text
from azure_batch_lab.texts import read

if TYPE_CHECKING:
    import argparse


def add(parser: argparse.ArgumentParser, *, price_needed: bool) -> None:
    """Add the options."""
    work = parser.add_argument_group("what there is to do").add_argument
    work("--workload", metavar="FILE", help="JSON: every, length, arrivals (see the manual)")
    work("--tasks", type=int, metavar="N", help="instead: tasks in every hour")
    work("--every", default="60m", metavar="SPAN", help="how long an hour is (default 60m)")
    work("--at", default="2m", metavar="SPAN", help="when in the hour they come (default 2m)")
    work(
        "--duration",
        default="lognormal(120s, 0.4)",
        metavar="D",
        help="how long a task takes (default %(default)s)",
    )
    work("--days", type=float, default=1.0, metavar="N", help="how long is simulated (default 1)")
    work("--seed", type=int, default=0, metavar="N", help="of durations and evictions (default 0)")
    nodes = parser.add_argument_group("nodes").add_argument
    nodes("--slots", type=int, default=4, metavar="N", help="tasks at once on a node (default 4)")
    nodes("--boot", default="4m", metavar="SPAN", help="from asking for a node to an idle one (default 4m)")
    nodes("--interval", default="5m", metavar="SPAN", help="between two evaluations (default 5m)")
    nodes(
        "--sample-lag",
        default=span_text(LAG),
        metavar="SPAN",
        help="how late samples are seen (default %(default)s; the service's varies, try 0s too)",
    )
    nodes("--price", type=float, required=price_needed, metavar="P", help="of an hour of a dedicated node")
    nodes(
        "--spot-price",
        type=float,
        metavar="P",
        help="of an hour of a Spot node (default: as a dedicated one)",
    )
    nodes(
        "--price-per",
        choices=("node", "slot"),
        default="node",
        help="what the prices are of: a node, or a slot of it",
    )
    nodes(
        "--spot-evictions-per-hour",
        type=float,
        default=0.0,
        metavar="R",
        help="of one Spot node, on average (default 0)",
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the chart and the JSON go")


def workload(options: argparse.Namespace) -> Workload:
    """Make the workload that is asked for.

    :raises BadInput: if none is, or it makes no sense
    """
    if (options.workload is None) == (options.tasks is None):
        raise BadInput("either --workload or --tasks says what there is to do")
    if options.workload is not None:
        return Workload.parse(read(options.workload), seed=options.seed)
    pattern = Pattern(options.tasks, parse_span(options.at), Durations.parse(options.duration))
    if not 0 < options.days <= 366:  # noqa: PLR2004 - a year
        raise BadInput("--days is above 0, and a year at most")
    length = timedelta(days=options.days)
    return Workload.drawn([pattern], every=parse_span(options.every), length=length, seed=options.seed)


def cluster(options: argparse.Namespace) -> Cluster:
    """Make the nodes that are asked for.

    :raises BadInput: if they make no sense
    """
    return Cluster(
        slots=options.slots,
        boot=parse_span(options.boot),
        interval=parse_span(options.interval),
        evictions_per_hour=options.spot_evictions_per_hour,
        sample_lag=parse_lag(options.sample_lag),
    )


def prices(options: argparse.Namespace, *, slots: int) -> Prices | None:
    """Take the prices of a node that are named; None if none is.

    :raises BadInput: if they make no sense
    """
    if options.price is None:
        if options.spot_price is not None:
            raise BadInput("--spot-price needs a --price")
        return None
    factor = slots if options.price_per == "slot" else 1
    spot = options.price if options.spot_price is None else options.spot_price
    return Prices(options.price * factor, spot * factor)
