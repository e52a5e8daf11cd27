"""Measures what the fleet page asks of the api-server: ``make bench-fleet``.

A generated fleet and 48 hours of it lie in Azurite; Airflow's api-server runs with our plugin, on SQLite. The
page is opened as a browser does it, with six connections: the shell with its files, the list of hours, every
record and the sensors. By a browser that has nothing: of a server that has answered nothing yet, of one that
has answered before, and of one that has not since an hour's alert. Then by a browser that has all of it. Each
route is measured alone, too, as are the record's part of a run and the plugin's of every process.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.generated_fleet import write
from bench.harness.api_server import API, PAGE, serving
from bench.harness.command import run_benchmark
from bench.harness.fleet_history import GeneratedFleet
from local_stack.bootstrap import ROOT
from local_stack.services.azurite import running_azurite
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from sensor_scoring.alerts.history_store import HISTORY_BLOB
from sensor_scoring.hourly.outcome.hour_record import HourRecord

if TYPE_CHECKING:
    from bench.harness.api_server import Browser, Cost
    from local_stack.services.azurite import BlobStorage

RESULTS = Path(__file__).parent / "results" / "fleet_page.json"
LAST = RunHour.parse("2026-01-05T09")
_ROUNDS = 5


def main() -> None:
    """Measure all fleets, print and save the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sensors", type=int, nargs="+", default=[15, 1_000, 20_000])
    order = parser.parse_args()
    found: dict[str, Any] = {"plugin_ms": plugin_ms(), "fleets": {}}
    for sensors in order.sensors:
        fleet = GeneratedFleet(sensors, LAST)
        costs = {name: asdict(cost) for name, cost in measured(fleet).items()}
        found["fleets"][sensors] = {"record_ms": record_ms(fleet), **costs}
        print(sensors, json.dumps(found["fleets"][sensors], indent=2), flush=True)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")


def measured(fleet: GeneratedFleet) -> dict[str, Cost]:
    """Measure the page of a fleet."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data = Path(folder)
        with running_azurite(data / "blobs", log=data / "azurite.log") as storage:
            write(fleet, storage)
            with serving(storage, data) as browser:
                return _opened(browser, fleet, storage) | _routes(browser)


def _opened(browser: Browser, fleet: GeneratedFleet, storage: BlobStorage) -> dict[str, Cost]:
    costs = {"page_of_a_new_server": browser.open_page(), "page": browser.open_page()}
    # As the alert of an hour does; the same text is another version of the blob.
    history = storage.container(Container.RUNS).get_blob_client(HISTORY_BLOB)
    history.upload_blob(fleet.alert_history().to_json(), overwrite=True)
    return {**costs, "page_of_a_new_hour": browser.open_page(), "page_again": browser.open_page(again=True)}


def _routes(browser: Browser) -> dict[str, Cost]:
    record = browser.get(f"{API}/hours").json()["hours"][-1]
    return {
        "shell": browser.measured(PAGE),
        "hours": browser.measured(f"{API}/hours"),
        "record": browser.measured(f"{API}/hours/{record['hour']}?etag={record['etag']}"),
        "sensors": browser.measured(f"{API}/sensors"),
        "sensors_again": browser.measured(f"{API}/sensors", again=True),
    }


def record_ms(fleet: GeneratedFleet) -> float:
    """Return the CPU milliseconds that the step ``summarise`` spends on the record of an hour."""
    summary, spent = fleet.summary(0), []
    for _ in range(_ROUNDS):
        started = time.process_time()
        HourRecord.of(summary).to_bytes(written_at=fleet.last.end)
        spent.append(time.process_time() - started)
    return round(statistics.median(spent) * 1e3, 2)


def plugin_ms() -> float:
    """Return the CPU milliseconds that each process of Airflow spends on the plugin when it starts."""
    script = (
        "import sys, time, airflow.plugins_manager, airflow.sdk\n"
        f"sys.path.insert(0, {str(ROOT / 'plugins')!r})\n"
        "started = time.process_time()\nimport scoring_plugin\nprint(time.process_time() - started)"
    )
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        environ = {**os.environ, "AIRFLOW_HOME": home}
        command = [sys.executable, "-c", script]
        runs = [
            subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
            for _ in range(_ROUNDS)
        ]
    return round(statistics.median(float(run.stdout.splitlines()[-1]) for run in runs) * 1e3, 1)


if __name__ == "__main__":
    run_benchmark(main)
