"""Measures a year of hourly runs: ``python -m bench.year``, for ``make bench-year``.

One run of each DAG that has a schedule is real, on the stack of ``make up`` with PostgreSQL and a rule of the
emulator in place of the scorer. Its rows are copied back over a year, 8,760 hours, and the records of as many
hours are written. Then Airflow's pages and ours are opened, ``airflow db clean`` is run as the runbook says,
and they are opened again. The scheduler is stopped meanwhile, so nothing else writes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString
from urllib.parse import quote

import psycopg2
import psycopg2.extensions

from bench.harness.command import run_benchmark
from bench.harness.copied_runs import TABLES, CopiedRuns
from bench.harness.fleet import HOUR, lay_out
from bench.harness.fleet_history import GeneratedFleet
from bench.harness.standing import LONGEST_SECONDS, let_run, standing
from local_stack.airflow.local import COMMAND
from local_stack.hour import DAG_ID
from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from sensor_scoring.alerts.anomaly_rate import SpikeRule
from sensor_scoring.alerts.history import AlertHistory
from sensor_scoring.alerts.observations import observation_of
from sensor_scoring.setting_groups import AlertSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.airflow.client import AirflowClient
    from local_stack.airflow.cluster import Cluster
    from local_stack.services.azurite import BlobStorage
    from local_stack.stack import Stack
    from sensor_scoring.hourly.outcome.hour_record import HourRecord

RESULTS = Path(__file__).parent / "results" / "year.json"
HOURS = 8760
EVERY = {
    DAG_ID: timedelta(hours=1),
    "late_runs": timedelta(minutes=5),
    "pool_watch": timedelta(minutes=10),
    "missing_hours": timedelta(hours=1),
    "housekeeping": timedelta(days=1),
}
"""DAGs with a schedule, and how often they run."""
KEPT = timedelta(days=90)
_API = f"/sensor-scoring/api/dags/{DAG_ID}"
_ROUNDS, _PUTS_AT_ONCE = 5, 16
_SHOWN = 10
"""Runs that the grid shows unless asked for more."""


def main() -> None:
    """Measure, print and save the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sensors", type=int, default=15)
    parser.add_argument("--hours", type=int, default=HOURS)
    order = parser.parse_args()
    with standing({"SENSOR_SCORING_LATENESS_MINUTES": "0"}, groups=order.sensors) as (stack, cluster):
        lay_out(stack.storage, order.sensors)
        runs = _one_of_each(cluster.client())
        for name in ("scheduler", "triggerer", "dag-processor"):
            cluster.stop(name)
        found = {"sensors": order.sensors, "hours": order.hours, **_year(stack, cluster, runs, order)}
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


def _one_of_each(web: AirflowClient) -> dict[str, str]:
    let_run(web)
    runs = {}
    for dag_id in EVERY:
        while not web.knows(dag_id):
            time.sleep(0.2)
        web.unpause(dag_id)
        params = {"hour": str(HOUR)} if dag_id == DAG_ID else {}
        runs[dag_id] = web.trigger(dag_id, **params)
        state = web.wait_for_run(dag_id, runs[dag_id], seconds=LONGEST_SECONDS)
        print(f"{dag_id}: {state}", flush=True)
    return runs


def _year(stack: Stack, cluster: Cluster, runs: dict[str, str], order: argparse.Namespace) -> dict[str, Any]:
    web, run = cluster.client(patience=LONGEST_SECONDS), runs[DAG_ID]
    new = {**_sizes(cluster, vacuum="vacuum analyze"), "pages": _opened(web, run)}
    blobs = _blobs_of_the_run(stack.storage, web, run)
    started = time.monotonic()
    counts = {dag_id: timedelta(hours=order.hours) // every for dag_id, every in EVERY.items()}
    for dag_id, count in counts.items():
        with _connected(cluster) as connection, connection.cursor() as cursor:
            CopiedRuns(dag_id, runs[dag_id], EVERY[dag_id]).write(cursor, count)
        print(f"{count:,} runs of {dag_id} after {time.monotonic() - started:.0f} s", flush=True)
    blobs |= _records(stack.storage, order.sensors, order.hours)
    print(f"a year after {time.monotonic() - started:.0f} s", flush=True)
    full = {**_sizes(cluster, vacuum="vacuum analyze"), "pages": _opened(web, run)}
    seconds = _cleaned(cluster)
    kept = {**_sizes(cluster, vacuum="vacuum full analyze"), "pages": _opened(web, run)}
    return {"runs": counts, "blobs": blobs, "new": new, "full": full, "clean_seconds": seconds, "kept": kept}


def _cleaned(cluster: Cluster) -> float:
    """Run the runbook's command; return the seconds that it took.

    :raises SystemExit: if it fails
    """
    before = (datetime.now(UTC) - KEPT).isoformat(timespec="seconds")
    command = [*COMMAND, "db", "clean", "--clean-before-timestamp", before, "--skip-archive", "--yes"]
    started = time.monotonic()
    environ = cluster.airflow.environ()
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
    return round(time.monotonic() - started, 1)


def _opened(web: AirflowClient, run: str) -> dict[str, float]:
    """Open each page; return the seconds of its slowest request, as the median of some."""
    shown = "&".join(f"run_ids={quote(each['dag_run_id'])}" for each in web.runs(DAG_ID)[:_SHOWN])
    base = _folder_of(web, run)
    return {name: max(_seconds(web, path) for path in paths) for name, paths in _pages(run, base, shown)}


def _pages(run: str, base: str, shown: str) -> Iterator[tuple[str, list[str]]]:
    newest = "order_by=-run_after"
    day = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    yield "home", [f"/ui/dashboard/historical_metrics_data?start_date={day}", "/ui/dashboard/dag_stats"]
    yield "list of DAGs", ["/ui/dags?limit=50&dag_runs_limit=14"]
    yield (
        "grid",
        [
            f"/ui/grid/structure/{DAG_ID}?limit=10&{newest}",
            f"/ui/grid/runs/{DAG_ID}?limit=10&{newest}",
            f"/ui/grid/ti_summaries/{DAG_ID}?{shown}",
        ],
    )
    yield "list of runs", [f"/api/v2/dags/{DAG_ID}/dagRuns?limit=50&{newest}"]
    yield (
        "task instances of all DAGs",
        ["/api/v2/dags/~/dagRuns/~/taskInstances?limit=50&order_by=-start_date"],
    )
    yield "XComs of all DAGs", ["/api/v2/dags/~/dagRuns/~/taskInstances/~/xcomEntries?limit=50"]
    yield "audit log", ["/api/v2/eventLogs?limit=50&order_by=-when"]
    yield "our summary of a run", [f"/sensor-scoring/dags/{DAG_ID}/runs/{quote(run)}/summaries/{base}"]
    yield "our fleet page", ["/sensor-scoring/fleet", f"{_API}/hours", f"{_API}/sensors"]


def _seconds(web: AirflowClient, path: str) -> float:
    spent = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        web.page(path).raise_for_status()
        spent.append(time.perf_counter() - started)
    print(f"{statistics.median(spent):.3f} s: {path[:100]}", flush=True)
    return round(statistics.median(spent), 3)


def _blobs_of_the_run(storage: BlobStorage, web: AirflowClient, run: str) -> dict[str, Any]:
    folder = _folder_of(web, run)
    found = [
        blob.size
        for container in (Container.RUNS, Container.LOGS)
        for blob in storage.container(container).list_blobs(name_starts_with=f"{folder}/")
    ]
    return {"of_a_run": len(found), "kb_of_a_run": round(sum(found) / 1e3, 1)}


def _folder_of(web: AirflowClient, run: str) -> str:
    return str(web.xcom(DAG_ID, run, "plan", key="plan_blob")).strip('"').partition("/")[0]


def _records(storage: BlobStorage, sensors: int, hours: int) -> dict[str, Any]:
    """Write the record of each hour, and tell the alert history of it; return what they take."""
    fleet = GeneratedFleet(sensors, RunHour.containing(datetime.now(UTC)).previous, hours=hours)
    runs = storage.container(Container.RUNS)

    def write(record: HourRecord) -> int:
        text = record.to_bytes(written_at=record.hour.end)
        runs.upload_blob(layout.hour_record_blob(record.hour), text, overwrite=True)
        return len(text)

    with ThreadPoolExecutor(_PUTS_AT_ONCE) as threads:
        sizes = list(threads.map(write, fleet.records()))
    return {"records": len(sizes), "mb_of_records": round(sum(sizes) / 1e6, 1), **_alerts(fleet)}


def _alerts(fleet: GeneratedFleet) -> dict[str, Any]:
    history, messages, rule = AlertHistory(), 0, SpikeRule.of(AlertSettings())
    for ago in range(fleet.hours - 1, -1, -1):
        news, history = history.after(observation_of(fleet.summary(ago), rule=rule))
        messages += bool(news)
    return {"alerts": messages, "kb_of_alert_history": round(len(history.to_json()) / 1e3, 1)}


@contextmanager
def _connected(cluster: Cluster) -> Iterator[psycopg2.extensions.connection]:
    connection = psycopg2.connect(cluster.database.url.replace("+psycopg2", ""))
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()


def _sizes(cluster: Cluster, *, vacuum: LiteralString) -> dict[str, Any]:
    """Let PostgreSQL clean up; return the size of the database and of the tables that grow, and its runs."""
    with _connected(cluster) as connection, connection.cursor() as cursor:
        cursor.execute(vacuum)
        cursor.execute(
            "select relname, pg_total_relation_size(relid) from pg_catalog.pg_statio_user_tables "
            "where relname = any(%s) order by 2 desc",
            (list(TABLES),),
        )
        tables = {name: _megabytes(size) for name, size in cursor.fetchall()}
        cursor.execute("select count(*) from dag_run")
        (runs,) = cursor.fetchone() or (0,)
    return {"database_mb": _megabytes(cluster.database.size_bytes()), "tables_mb": tables, "dag_runs": runs}


def _megabytes(size: int) -> float:
    return round(size / 1e6, 1)


if __name__ == "__main__":
    run_benchmark(main)
