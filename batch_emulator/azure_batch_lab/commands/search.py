"""``search``: families of policies, all their members, and the few that are worth a look."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from azure_batch_lab.commands import days
from azure_batch_lab.errors import BadInput
from azure_batch_lab.output.scatter import scatter
from azure_batch_lab.output.table import facts, front_table, lag_line
from azure_batch_lab.search import policies
from azure_batch_lab.search.grid import grid, parse_variation
from azure_batch_lab.search.pareto_front import Trial, pareto_front
from azure_batch_lab.simulation.simulator import simulate
from azure_batch_lab.spans import parse_lag
from azure_batch_lab.texts import write

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from azure_batch_lab.search.grid import Point
    from azure_batch_lab.simulation.outcome import Outcome, Prices
    from azure_batch_lab.simulation.workload import Workload

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
    tried = trials(options)
    best = pareto_front(tried)
    behind = sum(not trial.keeps_up for trial in tried)
    sys.stdout.write(
        f"{len(tried)} policies simulated, {behind} do not keep up with the hours, "
        f"{len(best)} on the front\n\n"
    )
    sys.stdout.write(front_table(best) + lag_line(parse_lag(options.sample_lag)))
    if options.out is not None:
        for name, text in (
            ("search.svg", scatter(tried, best)),
            ("search.json", json.dumps(_document(options, tried, best), indent=2) + "\n"),
        ):
            sys.stdout.write(f"{write(options.out, name, text)}\n")
    return 0


def trials(options: argparse.Namespace) -> list[Trial]:
    """Simulate every member.

    :raises BadInput: if an option makes no sense
    """
    workload = days.workload(options)
    points = grid(options.policy, dict(map(parse_variation, options.vary)), days.cluster(options))
    outcomes = _outcomes(points, workload, seed=options.seed, workers=options.workers)
    return [
        Trial(point, outcome, outcome.cost(prices(options, point)), workload.every)
        for point, outcome in zip(points, outcomes, strict=True)
    ]


def _document(options: argparse.Namespace, tried: Sequence[Trial], best: Sequence[Trial]) -> dict[str, Any]:
    return {
        "seed": options.seed,
        "sampleLagSeconds": parse_lag(options.sample_lag).total_seconds(),
        "front": [trial.point.policy.name for trial in best],
        "policies": [
            {
                **facts(trial.outcome, prices(options, trial.point)),
                "numbers": dict(trial.point.numbers),
                "formula": trial.point.policy.formula,
            }
            for trial in tried
        ],
    }


def prices(options: argparse.Namespace, point: Point) -> Prices:
    """Take the prices of a member's nodes.

    :raises BadInput: if none is named
    """
    named = days.prices(options, slots=point.cluster.slots)
    if named is None:
        raise BadInput("a search compares costs: it needs a --price")
    return named


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
