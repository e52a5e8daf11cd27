"""``search``: families of policies, all their members, and the few that are worth a look."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from azure_batch_emulator.lab import policies
from azure_batch_emulator.lab.commands import days
from azure_batch_emulator.lab.errors import BadInput
from azure_batch_emulator.lab.front import Trial, front
from azure_batch_emulator.lab.grid import grid, parse_variation
from azure_batch_emulator.lab.scatter import scatter
from azure_batch_emulator.lab.simulation import simulate
from azure_batch_emulator.lab.table import facts, front_table
from azure_batch_emulator.lab.texts import write

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from azure_batch_emulator.lab.grid import Point
    from azure_batch_emulator.lab.outcome import Outcome, Prices
    from azure_batch_emulator.lab.workload import Workload

_MOST_WORKERS = 64


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "search", help="compare families of policies by cost and waiting", epilog=policies.__doc__
    )
    parser.add_argument(
        "--policy",
        action="append",
        required=True,
        metavar="NAME",
        help=f"one of {', '.join(policies.FAMILIES)}",
    )
    parser.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="NAME=N,N",
        help="such as max=4,8; see below for the names",
    )
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes to simulate in (default 1)"
    )
    days.add(parser, price_needed=True)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Simulate every member, print the front, write scatter and figures."""
    workload = days.workload(options)
    points = grid(options.policy, dict(map(parse_variation, options.vary)), days.cluster(options))
    outcomes = _outcomes(points, workload, seed=options.seed, workers=options.workers)
    priced = [
        (point, outcome, _prices(options, point)) for point, outcome in zip(points, outcomes, strict=True)
    ]
    trials = [Trial(point, outcome, outcome.cost(prices)) for point, outcome, prices in priced]
    best = front(trials)
    incomplete = sum(not trial.is_complete for trial in trials)
    sys.stdout.write(
        f"{len(trials)} policies simulated, {incomplete} did not finish, {len(best)} on the front\n\n"
    )
    sys.stdout.write(front_table(best))
    if options.out is not None:
        document = {
            "seed": options.seed,
            "front": [trial.point.policy.name for trial in best],
            "policies": [
                {**facts(outcome, prices), "numbers": dict(point.numbers), "formula": point.policy.formula}
                for point, outcome, prices in priced
            ],
        }
        for name, text in (
            ("search.svg", scatter(trials, best)),
            ("search.json", json.dumps(document, indent=2) + "\n"),
        ):
            sys.stdout.write(f"{write(options.out, name, text)}\n")
    return 0


def _prices(options: argparse.Namespace, point: Point) -> Prices:
    prices = days.prices(options, slots=point.cluster.slots)
    if prices is None:
        raise BadInput("a search compares costs: it needs a --price")
    return prices


def _outcomes(points: Sequence[Point], workload: Workload, *, seed: int, workers: int) -> list[Outcome]:
    if not 1 <= workers <= _MOST_WORKERS:
        raise BadInput(f"--workers is 1 to {_MOST_WORKERS}")
    work = partial(_simulated, workload=workload, seed=seed)
    if workers == 1:
        return list(map(work, points))
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(work, points))


def _simulated(point: Point, *, workload: Workload, seed: int) -> Outcome:
    return simulate(point.policy, workload, point.cluster, seed=seed)
