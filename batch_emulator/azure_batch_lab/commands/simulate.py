"""``simulate``: days of work under given formulas."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from azure_batch_lab.commands import days
from azure_batch_lab.output.table import OUTCOME_HEAD, facts, lag_line, outcome_cells, table
from azure_batch_lab.output.timeline import timeline
from azure_batch_lab.simulation.prewarm import Prewarm
from azure_batch_lab.simulation.simulator import Policy, simulate
from azure_batch_lab.texts import read, write

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from azure_batch_lab.simulation.outcome import Outcome


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("simulate", help="run days of work under formulas and compare them")
    parser.add_argument(
        "--formula", action="append", required=True, metavar="FILE", help="a policy; repeat it to compare"
    )
    parser.add_argument(
        "--prewarm",
        action="append",
        default=[],
        metavar="N@WHEN[/HOLD]",
        help="each formula once more, with a floor of N nodes sent in every hour at WHEN, such as 8@-5m/15m",
    )
    days.add(parser, price_needed=False)
    parser.set_defaults(run=run)


def policies(options: argparse.Namespace) -> list[Policy]:
    """List what is compared: every formula, plain and with each announcement."""
    prewarms = [None, *map(Prewarm.parse, options.prewarm)]
    texts = {name: read(name) for name in dict.fromkeys(options.formula)}
    return [
        Policy(_title(name, prewarm), text, prewarm) for name, text in texts.items() for prewarm in prewarms
    ]


def _title(name: str, prewarm: Prewarm | None) -> str:
    stem = Path(name).stem
    return stem if prewarm is None else f"{stem} + {prewarm}"


def run(options: argparse.Namespace) -> int:
    """Simulate, print the table, write chart and figures."""
    workload, cluster = days.workload(options), days.cluster(options)
    prices = days.prices(options, slots=cluster.slots)
    outcomes = [simulate(policy, workload, cluster, seed=options.seed) for policy in policies(options)]
    rows = [outcome_cells(one, None if prices is None else one.cost(prices)) for one in outcomes]
    sys.stdout.write(table(OUTCOME_HEAD, rows) + lag_line(cluster.sample_lag))
    _remark(outcomes)
    if options.out is not None:
        document = {
            "seed": options.seed,
            "sampleLagSeconds": cluster.sample_lag.total_seconds(),
            "policies": [facts(one, prices) for one in outcomes],
        }
        for name, text in (
            ("simulation.svg", timeline(outcomes)),
            ("simulation.json", json.dumps(document, indent=2) + "\n"),
        ):
            sys.stdout.write(f"{write(options.out, name, text)}\n")
    return 0


def _remark(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.failed_evaluations:
            sys.stdout.write(f"{outcome.name}: {outcome.failed_evaluations} evaluations failed\n")
        if outcome.refused_announcements:
            count = outcome.refused_announcements
            sys.stdout.write(f"{outcome.name}: {count} announcements were refused by a resizing pool\n")
