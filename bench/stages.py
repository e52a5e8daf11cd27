"""Measures the CPU time of scoring by stage: ``python -m bench.stages``, in ``make bench-scoring``."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

from bench.harness.command import run_benchmark
from bench.harness.scored_fleet import Fleet, FleetStorage
from local_stack.bootstrap import SCORER, python_of
from local_stack.services.azurite import running_azurite
from scoring_contract.predictions import PredictionFormat

RESULTS = Path(__file__).parent / "results" / "stages.json"
STAGED = Path(__file__).parent / "staged.py"
FLEETS = (
    Fleet(1, 60),
    Fleet(500, 60),
    Fleet(500, 60, is_packed=True),
    Fleet(500, 3600, is_packed=True, is_parquet=True),
    Fleet(500, 3600, is_packed=True, is_parquet=True, predictions=PredictionFormat.PARQUET),
)


def main() -> None:
    """Measure, print and save the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    taken: dict[str, defaultdict[str, list[float]]] = {fleet.name: defaultdict(list) for fleet in FLEETS}
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        running_azurite(Path(folder) / "blobs", log=Path(folder) / "azurite.log") as storage,
    ):
        fleets, file = FleetStorage(storage), Path(folder) / "stages.json"
        calls = {fleet: fleets.lay_out(fleet) for fleet in FLEETS}
        for _ in range(rounds):
            for fleet, call in calls.items():
                subprocess.run(
                    [python_of(SCORER), str(STAGED), str(file), *call.to_argv()],
                    env={"PATH": "/usr/bin:/bin", **fleets.environ()},
                    stdout=subprocess.DEVNULL,
                    check=True,
                )
                fleets.check(fleet, call)
                for stage, milliseconds in json.loads(file.read_text()).items():
                    taken[fleet.name][stage].append(milliseconds)
    medians = {
        name: {stage: round(statistics.median(times), 1) for stage, times in stages.items()}
        for name, stages in taken.items()
    }
    print(json.dumps(medians, indent=2))
    RESULTS.write_text(json.dumps(medians, indent=2) + "\n")


if __name__ == "__main__":
    run_benchmark(main)
