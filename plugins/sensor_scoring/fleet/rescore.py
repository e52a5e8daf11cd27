"""What it takes to score sensors of past hours again: the instances that a person has to clear.

Nothing is changed here: Airflow clears, for who may.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoring_contract import layout
from sensor_scoring.azure_batch import ids
from sensor_scoring.blob_storage.store import CALLS_AT_ONCE
from sensor_scoring.fleet.history import History
from sensor_scoring.hourly.outcome.hour_record import HourRecord
from sensor_scoring.hourly.planning.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scoring_contract.hour import RunHour
    from sensor_scoring.blob_storage.store import BlobStore
    from sensor_scoring.hourly.outcome.hour_record import RecordedRun
    from sensor_scoring.settings import Settings


@dataclass(frozen=True, slots=True)
class RunToClear:
    """A DAG run, and what to clear in it."""

    hour: RunHour
    dag_run_id: str
    map_indexes: tuple[int, ...]
    """Of the mapped instances that score the sensors, in order; each makes one Batch task, for its group."""
    unplanned: tuple[str, ...] = ()
    """Sensors that no instance of the run scores: they had no readings or no model when it planned."""


@dataclass(frozen=True, slots=True)
class Rescore:
    """What it takes to score cells of the fleet again."""

    runs: tuple[RunToClear, ...]
    without_run: tuple[RunHour, ...]
    """Hours that need a new run: the one that scored one of the sensors is unknown, or its plan is gone."""


def rescore(
    store: BlobStore, settings: Settings, cells: Mapping[RunHour, Iterable[str]], *, dag_id: str
) -> Rescore:
    """Find the instances that scored these sensors.

    :param cells: hour to the ids of sensors
    :param dag_id: the DAG whose runs may be looked at
    """
    with ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="rescore") as pool:
        found = list(
            pool.map(lambda hour: list(_runs_of(store, settings, hour, cells[hour], dag_id)), sorted(cells))
        )
    runs = tuple(run for of_hour in found for run in of_hour if run)
    gone = (hour for hour, of_hour in zip(sorted(cells), found, strict=True) if None in of_hour)
    return Rescore(runs, tuple(gone))


def _runs_of(
    store: BlobStore, settings: Settings, hour: RunHour, sensors: Iterable[str], dag_id: str
) -> Iterator[RunToClear | None]:
    """Yield the runs that scored sensors in an hour, the newest last; None for one that is not there."""
    record = History(store, settings).record(hour)
    if record is None:
        yield None
        return
    for run, theirs in _by_run(HourRecord.from_bytes(record[0]), sensors).items():
        is_ours = ids.is_run_of(run.run, dag_id=dag_id, run_id=run.dag_run_id)
        blob = layout.plan_blob(run.run) if is_ours else ""
        text = store.read(settings.containers.runs_container, blob) if blob else None
        yield _to_clear(Plan.from_json(text), run, theirs) if text else None


def _by_run(record: HourRecord, sensors: Iterable[str]) -> Mapping[RecordedRun, list[str]]:
    found: defaultdict[RecordedRun, list[str]] = defaultdict(list)
    for sensor in sensors:
        found[record.earlier.get(sensor, record.newest)].append(sensor)
    return dict(sorted(found.items(), key=lambda item: item[0].planned_at))


def _to_clear(plan: Plan, run: RecordedRun, sensors: Iterable[str]) -> RunToClear:
    index_of = {sensor: index for index, group in enumerate(plan.groups.values()) for sensor in group}
    wanted = dict.fromkeys(sensors)
    return RunToClear(
        plan.hour,
        run.dag_run_id,
        tuple(sorted({index_of[sensor] for sensor in wanted if sensor in index_of})),
        tuple(sorted(sensor for sensor in wanted if sensor not in index_of)),
    )
