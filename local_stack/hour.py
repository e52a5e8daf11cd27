"""The steps of ``make run``: load a file or simulated readings, train, score an hour, copy the results."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

from ingest.loader import lay_out
from ingest.simulator import SOURCE
from local_stack.hour_choice import check_hour
from local_stack.results import replaced
from local_stack.services.processes import StackError
from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from sensor_scoring.hourly.outcome.summary import Outcome, Summary
from sensor_scoring.hourly.planning.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from ingest.files.readings_files import ReadingsFiles
    from ingest.loader import Laid, Progress
    from ingest.simulator import Fleet
    from local_stack.stack import Stack

SIMULATED_HOUR = RunHour.parse("2026-01-05T09")
"""Hour that is scored without a file."""
TRAINING_HOURS = 24
"""Hours of simulated readings before it, to train on."""
DAG_ID = "hourly_scoring"


def lay_out_files(stack: Stack, readings: ReadingsFiles, *, progress: Progress | None = None) -> Laid:
    """Load files of readings, in the layout of Stream Analytics."""
    container = stack.storage.container(Container.DATA)
    return lay_out(readings, container, source="file", progress=progress)


def lay_out_simulation(stack: Stack, fleet: Fleet) -> Laid:
    """Load readings of a simulated fleet; the last hour has labelled anomalies."""
    hours = TRAINING_HOURS + 1
    first = RunHour(SIMULATED_HOUR.start - timedelta(hours=TRAINING_HOURS))
    return lay_out(
        fleet.readings(first, hours),
        stack.storage.container(Container.DATA),
        source=SOURCE,
        labels=fleet.labels(first, hours),
    )


def train(
    stack: Stack,
    laid: Laid,
    hour: RunHour,
    *,
    on_line: Callable[[str], None] | None = None,
    on_refused: Callable[[str], None] | None = None,
) -> str:
    """Train on all hours before the hour.

    :param on_line: called with each line that training prints
    :param on_refused: called with the lines about sensors that cannot be trained
    :return: the last line that training printed
    :raises WrongOption: if there are no readings before the hour, or none in it
    :raises StackError: if no model could be trained
    """
    check_hour(hour, laid.hours)
    return stack.train(laid.first_hour, hour, on_line=on_line, on_refused=on_refused)


def score(
    stack: Stack, hour: RunHour, *, on_line: Callable[[str], None], settings: Mapping[str, str] | None = None
) -> Summary:
    """Run the DAG for the hour, and return the summary of this run.

    :param on_line: called with each log line
    :param settings: additional environment variables for Airflow
    :raises StackError: if the run wrote no summary
    """
    before = set(_run_folders(stack, hour))
    log = stack.workspace.logs / "airflow.log"
    with closing(stack.airflow(settings).test_dag(DAG_ID, hour, log=log)) as lines:
        for line in lines:
            on_line(line)
    runs = stack.storage.container(Container.RUNS)
    for run in set(_run_folders(stack, hour)) - before:
        blob = runs.get_blob_client(layout.summary_blob(run))
        if blob.exists():
            return Summary.from_json(blob.download_blob().readall())
    raise StackError(f"the run wrote no summary; Airflow's log is {log}")


def collect(stack: Stack, summary: Summary, laid: Laid) -> Path:
    """Copy the results of a run from Blob Storage to a folder.

    :return: the folder, with summary.json, predictions/, reports/ and logs/
    :raises StackError: if they cannot be written; earlier results stay unchanged
    """
    with replaced(stack.workspace.results_of(summary.hour), world=stack.workspace.root.name) as folder:
        _write_results(folder, stack, summary, laid)
    return stack.workspace.results_of(summary.hour)


def _write_results(folder: Path, stack: Stack, summary: Summary, laid: Laid) -> None:
    predictions = _scored_blobs(stack, summary)
    _copy(stack, Container.PREDICTIONS, predictions, layout.predictions_folder(summary.hour),
          folder / "predictions")  # fmt: skip
    for name, prefix, target in (
        (Container.RUNS, layout.reports_folder(summary.run), "reports"),
        (Container.LOGS, f"{summary.run}/", "logs"),
    ):
        blobs = stack.storage.container(name).list_blob_names(name_starts_with=prefix)
        _copy(stack, name, blobs, prefix, folder / target)
    loaded = {"readings": laid.readings, "rejected": laid.rejects_total}
    body = json.loads(summary.to_json()) | {"loaded": loaded}
    (folder / "summary.json").write_text(json.dumps(body, indent=2) + "\n")
    if laid.rejects:
        (folder / "rejected.txt").write_text("".join(_reject_lines(laid)))


def _scored_blobs(stack: Stack, summary: Summary) -> list[str]:
    """Return the prediction blobs of the scored sensors.

    The folder of the hour may contain more: predictions of earlier runs for sensors that failed now.
    """
    plan = stack.storage.container(Container.RUNS).download_blob(layout.plan_blob(summary.run)).readall()
    expectation = Plan.from_json(plan).expectation
    return sorted({expectation.blob_of(line.sensor) for line in summary.having(Outcome.SCORED)})


def _reject_lines(laid: Laid) -> Iterator[str]:
    for reject in laid.rejects:
        yield f"{reject.place}: {reject.reason}: {reject.text}\n"
    if laid.rejects_total > len(laid.rejects):
        yield f"and {laid.rejects_total - len(laid.rejects)} more\n"


def _copy(stack: Stack, container: Container, blobs: Iterable[str], prefix: str, folder: Path) -> None:
    client = stack.storage.container(container)
    folder.mkdir(parents=True)
    for name in blobs:
        target = folder / name.removeprefix(prefix)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(client.download_blob(name).readall())


def _run_folders(stack: Stack, hour: RunHour) -> Iterable[str]:
    folders = (entry.name.rstrip("/") for entry in stack.storage.container(Container.RUNS).walk_blobs())
    return [folder for folder in folders if f"-{hour.compact}-" in folder]
