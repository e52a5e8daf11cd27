"""Rewrites the tables of docs/scale-to-zero.md from simulations: three fleets, one day each.

Run it as ``python -m azure_batch_lab.study`` (about ten minutes); ``--workers 4`` shares it out.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.samples import LAG
from azure_batch_lab.__main__ import parser
from azure_batch_lab.commands import days, search
from azure_batch_lab.output.scatter import scatter
from azure_batch_lab.output.table import clock, front_table, table
from azure_batch_lab.search.pareto_front import pareto_front
from azure_batch_lab.simulation.prewarm import Prewarm
from azure_batch_lab.simulation.simulator import simulate
from azure_batch_lab.spans import span_text
from azure_batch_lab.texts import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from azure_batch_lab.search.pareto_front import Trial

START = "<!-- START study: python -m azure_batch_lab.study -->"
END = "<!-- END study -->"
ROOT = Path(__file__).resolve().parent.parent / "docs"
PAGE, IMAGES = ROOT / "scale-to-zero.md", "images"
_PRICES = (
    *("--price", "0.05", "--spot-price", "0.01", "--price-per", "slot"),
    *("--spot-evictions-per-hour", "0.02"),
)
_POLICIES = (
    *("--policy", "reactive", "--policy", "keep-warm", "--policy", "fixed"),
    *("--vary", "min=0,1", "--vary", "keep_warm=10,30,60", "--vary", "spot=0,50,100"),
)
_WARMTH = (0, 10, 30, 60)
"""Minutes: from nothing to always."""
_SAMPLES = f"samples are seen {span_text(LAG)} after they are taken"
_ANNOUNCED = {
    "to zero, announced with the tasks": timedelta(minutes=2),
    "to zero, announced 3 minutes before them": timedelta(minutes=-1),
}


@dataclass(frozen=True, slots=True)
class Fleet:
    """Sensors that are scored in every hour."""

    name: str
    title: str
    work: tuple[str, ...]
    """Options that say what there is to do."""
    sizes: tuple[str, ...]
    """Options that say how many nodes of which size are tried."""
    nodes: int
    """Of four slots: with which warmth is compared."""

    @property
    def command(self) -> tuple[str, ...]:
        """Write the search."""
        return ("search", *self.work, *_PRICES, *_POLICIES, *self.sizes)

    @property
    def warmth(self) -> tuple[str, ...]:
        """Write the search among policies that differ in warmth alone."""
        minutes = ",".join(map(str, _WARMTH))
        numbers = ("--vary", f"max={self.nodes}", "--vary", f"keep_warm={minutes}")
        return ("search", *self.work, *_PRICES, "--policy", "keep-warm", *numbers)


def _work(tasks: int, duration: str) -> tuple[str, ...]:
    return ("--tasks", str(tasks), "--duration", duration)


def _sizes(most: str, slots: str) -> tuple[str, ...]:
    return ("--vary", f"max={most}", "--vary", f"nodes={most}", "--vary", f"slots={slots}")


FLEETS = (
    Fleet("15", "15 sensors, a task each", _work(15, "lognormal(30s, 0.4)"), _sizes("1,2,4,8", "1,2,4"), 4),
    Fleet(
        "1000",
        "1,000 sensors, a task each",
        _work(1000, "lognormal(30s, 0.4)"),
        _sizes("8,16,32,64", "2,4"),
        32,
    ),
    Fleet(
        "20000",
        "20,000 sensors, 50 to a task",
        _work(400, "lognormal(60s, 0.4)"),
        _sizes("8,16,32,64", "2,4"),
        32,
    ),
)


def warmth_table(fleet: Fleet) -> str:
    """Compare policies that have the same nodes and differ in when these are there before the tasks."""
    options = parser().parse_args(fleet.warmth)
    cold, *warm = search.trials(options)
    minutes = (f"warm from {number} minutes before the hour" for number in _WARMTH[1:-1])
    rows = zip([*minutes, "always there"], warm, strict=True)
    announced = ((name, _announced(options, cold, fleet.nodes, at)) for name, at in _ANNOUNCED.items())
    return table(
        ("nodes", "node-hours", "cost", "mean m:s", "p95 m:s", "idle", "a minute saved costs"),
        (_warmth_row(name, trial, cold) for name, trial in (("to zero", cold), *announced, *rows)),
    )


def _announced(options: argparse.Namespace, cold: Trial, nodes: int, at: timedelta) -> Trial:
    policy = replace(cold.point.policy, prewarm=Prewarm(nodes, at))
    outcome = simulate(policy, days.workload(options), cold.point.cluster, seed=options.seed)
    return replace(cold, outcome=outcome, cost=outcome.cost(search.prices(options, cold.point)))


def _warmth_row(name: str, trial: Trial, cold: Trial) -> tuple[str, ...]:
    outcome = trial.outcome
    saved = (cold.seconds - trial.seconds) / 60
    return (
        name,
        f"{outcome.node_hours:,.1f}",
        f"{trial.cost:,.2f}",
        clock(outcome.mean_wait),
        clock(outcome.p95_wait),
        f"{outcome.idle_share:.0%}",
        f"{(trial.cost - cold.cost) / saved:,.2f}" if saved > 0 else "-",
    )


def typed(command: Sequence[str]) -> str:
    """Write a command the way it is typed, over several lines."""
    words = [f'"{word}"' if " " in word else word for word in command]
    lines, line = [], "python -m azure_batch_lab"
    for word in words:
        if word.startswith("--") and len(line) + len(word) > 75:  # noqa: PLR2004 - a line of a page
            lines.append(line + " \\")
            line = "   "
        line += f" {word}"
    return "\n".join(f"    {one}" for one in [*lines, line])


def chapter(fleet: Fleet, *, workers: int) -> str:
    """Write what was found for a fleet, and draw its chart."""
    trials = search.trials(parser().parse_args([*fleet.command, "--workers", str(workers)]))
    best = pareto_front(trials)
    picture = f"lab-{fleet.name}.svg"
    write(ROOT / IMAGES, picture, scatter(trials, best))
    behind = sum(not trial.keeps_up for trial in trials)
    return "\n".join(
        [
            f"## {fleet.title}",
            "",
            f"At most {fleet.nodes} dedicated nodes of 4 slots, there sooner or later; {_SAMPLES}:",
            "",
            warmth_table(fleet),
            f"The front of {len(trials)} policies, of which {behind} do not keep up with the hours:",
            "",
            front_table(best),
            f"![cost and waiting of the policies]({IMAGES}/{picture})",
            "",
            typed(fleet.command),
        ]
    )


def renewed(text: str, study: str) -> str:
    """Put a study between the markers of a text."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{study}\n\n{END}{after}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate, and rewrite the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--workers", type=int, default=1, metavar="N", help="processes (default 1)")
    workers = options.parse_args(arguments).workers
    study = "\n\n".join(chapter(fleet, workers=workers) for fleet in FLEETS)
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), study), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
