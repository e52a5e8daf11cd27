"""Checks that scoring processes always end well: ``python -m bench.soak [--runs 300]``.

Separate processes score the same manifest many times, against a real Azurite. It counts exit codes other than
0, and reports that are missing or incomplete: a library was seen to abort the interpreter at exit, after the
work was done.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from bench.harness.command import run_benchmark
from bench.harness.scored_fleet import Fleet, FleetStorage
from local_stack.bootstrap import SCORER, python_of
from local_stack.services.azurite import running_azurite
from scoring_contract.layout import Container
from scoring_contract.messages.report import Report, SensorState

RESULTS = Path(__file__).parent / "results" / "soak.json"
FLEET = Fleet(30, 60)


def main() -> None:
    """Run, count, print and save the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    order = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as folder,
        running_azurite(Path(folder) / "blobs", log=Path(folder) / "azurite.log") as storage,
    ):
        body = soaked(FleetStorage(storage), order.runs)
    print(json.dumps(body))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(body, indent=2) + "\n")


def soaked(fleets: FleetStorage, runs: int) -> dict[str, int]:
    """Score a fleet ``runs`` times; return counts of the results."""
    call = fleets.lay_out(FLEET)
    environ = {"PATH": "/usr/bin:/bin", **fleets.environ()}
    container = fleets.storage.container(Container.RUNS)
    counts: Counter[str] = Counter()
    for _ in range(runs):
        command = [python_of(SCORER), "-m", "scorer", *call.to_argv()]
        code = subprocess.run(command, env=environ, capture_output=True, check=False).returncode
        blob = container.get_blob_client(call.report)
        report = Report.from_json(blob.download_blob().readall()) if blob.exists() else None
        counts["other exit codes"] += code != 0
        counts["incomplete reports"] += report is None or _scored(report) != FLEET.sensors
        if report is not None:
            blob.delete_blob()
    return {"runs": runs, "sensors": FLEET.sensors, **counts}


def _scored(report: Report) -> int:
    return sum(sensor.state is SensorState.SCORED for sensor in report.sensors)


if __name__ == "__main__":
    run_benchmark(main)
