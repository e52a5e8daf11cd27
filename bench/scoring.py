"""Compares the cost of scoring with the reference architecture's script: ``python -m bench.scoring``.

It measures whole processes against a real Azurite. Each round runs all variants in turn, and the reference
twice: its ratio with itself is the noise. Ratios are taken pair by pair within a round.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.harness.command import run_benchmark
from bench.harness.scored_fleet import HOUR, Fleet, FleetStorage
from local_stack.bootstrap import LOCK, ROOT, SCORER, VENV, python_of
from local_stack.services.azurite import running_azurite
from scoring_contract.predictions import PredictionFormat

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scoring_contract.messages.invocation import ScoreInvocation

RESULTS = Path(__file__).parent / "results" / "scoring.json"
METER = Path(__file__).parent / "harness" / "meter.py"
REFERENCE = Path(__file__).parent / "reference.py"
FLEETS = (
    Fleet(1, 60),
    Fleet(1, 3600),
    *(Fleet(sensors, 60, is_packed=packed) for sensors in (50, 500, 5000) for packed in (False, True)),
    Fleet(500, 3600),
    Fleet(500, 3600, is_packed=True),
    Fleet(500, 3600, is_packed=True, is_parquet=True),
    Fleet(500, 3600, is_packed=True, is_parquet=True, predictions=PredictionFormat.PARQUET),
)
_SLOW = 5000
_SLOW_ROUNDS = 2
_REFERENCE_PACKAGES = ("numpy", "pandas", "scikit-learn", "azure-storage-blob")


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one process."""

    cpu_ms: float
    wall_ms: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Cell:
    """A variant over all rounds: medians, and ratios to the reference of the same round."""

    name: str
    sensors: int
    readings: int
    cpu_ms: float
    wall_ms: float
    peak_mib: float
    cpu_ratio: tuple[float, float, float]
    """Median, minimum and maximum."""
    wall_ratio: tuple[float, float, float]
    rounds: int


def main() -> None:
    """Measure all variants, print and save the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    order = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        running_azurite(Path(folder) / "blobs", log=Path(folder) / "azurite.log") as storage,
    ):
        bench = Bench(FleetStorage(storage))
        costs = bench.measured(order.rounds)
    cells = [_cell(name, costs) for name in costs]
    for cell in cells:
        print(json.dumps(asdict(cell)), flush=True)
    body = {"cells": [asdict(cell) for cell in cells], "megabytes": dependency_sizes()}
    print(json.dumps(body["megabytes"]), flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(body, indent=2) + "\n")


class Bench:
    """The variants.

    :param fleets: storage of their fleets
    """

    def __init__(self, fleets: FleetStorage) -> None:
        self._fleets = fleets
        fleets.lay_out_reference()
        self._variants: dict[str, Callable[[], Cost]] = dict.fromkeys(("reference", "again"), self._reference)
        for fleet in FLEETS:
            call = fleets.lay_out(fleet)
            self._variants[fleet.name] = self._ours(fleet, call)
            print(f"loaded: {fleet.name}", flush=True)

    def measured(self, rounds: int) -> dict[str, list[Cost]]:
        """Run every variant once a round."""
        costs: dict[str, list[Cost]] = {name: [] for name in self._variants}
        for name in ("reference", FLEETS[0].name):  # so that both find their libraries in memory
            self._variants[name]()
        for number in range(rounds):
            for name, run in self._variants.items():
                if number < _SLOW_ROUNDS or str(_SLOW) not in name:
                    costs[name].append(run())
            print(f"round {number + 1} of {rounds}", flush=True)
        return costs

    def _reference(self) -> Cost:
        hours = (HOUR.start, HOUR.next.start)
        words = ["0", "4", *(f"{hour:%Y-%m-%d %H:%M:%S}" for hour in hours)]
        environ = {"STORAGE": self._fleets.storage.connection_string}
        return cost_of([python_of(VENV), str(REFERENCE), *words], environ)

    def _ours(self, fleet: Fleet, call: ScoreInvocation) -> Callable[[], Cost]:
        def run() -> Cost:
            environ = self._fleets.environ()
            cost = cost_of([python_of(SCORER), "-m", "scorer", *call.to_argv()], environ)
            self._fleets.check(fleet, call)
            return cost

        return run


def cost_of(command: list[str], environ: Mapping[str, str]) -> Cost:
    """Run a command and measure it.

    :raises RuntimeError: if it fails
    """
    done = subprocess.run(
        [sys.executable, "-I", str(METER), *command],
        env={"PATH": "/usr/bin:/bin", **environ},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    facts = json.loads(done.stdout)
    if facts.pop("code"):
        raise RuntimeError(f"{' '.join(command)} failed")
    return Cost(**facts)


def dependency_sizes() -> dict[str, float]:
    """Return the size in megabytes of the installed packages of the reference, and of scoring."""
    lean = ["--require-hashes", "-r", str(ROOT / "scoring_image" / "requirements-lean.txt")]
    return {"reference": _installed([*_REFERENCE_PACKAGES, "-c", str(LOCK)]), "scoring": _installed(lean)}


def _installed(words: list[str]) -> float:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        command = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--target", folder, *words]
        subprocess.run(command, check=True)
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    return round(size / 1e6, 1)


def _cell(name: str, costs: Mapping[str, list[Cost]]) -> Cell:
    mine = costs[name]
    pairs = list(zip(mine, costs["reference"], strict=False))
    fleet = next((fleet for fleet in FLEETS if fleet.name == name), Fleet(1, 60))
    return Cell(
        name=name,
        sensors=fleet.sensors,
        readings=fleet.readings,
        cpu_ms=round(statistics.median(cost.cpu_ms for cost in mine), 1),
        wall_ms=round(statistics.median(cost.wall_ms for cost in mine), 1),
        peak_mib=round(statistics.median(cost.peak_mib for cost in mine), 1),
        cpu_ratio=_ratio([(cost.cpu_ms, base.cpu_ms) for cost, base in pairs]),
        wall_ratio=_ratio([(cost.wall_ms, base.wall_ms) for cost, base in pairs]),
        rounds=len(mine),
    )


def _ratio(pairs: list[tuple[float, float]]) -> tuple[float, float, float]:
    ratios = [mine / base for mine, base in pairs]
    return round(statistics.median(ratios), 4), round(min(ratios), 4), round(max(ratios), 4)


if __name__ == "__main__":
    run_benchmark(main)
