"""A fleet of any size with a history: ``python -m bench.generated_fleet --sensors 20000``.

Fills the Blob Storage of the stack of ``make up`` with what hours leave: the records of 48 of them, a
registry, an alert history, and the predictions of a few sensors. It replaces the registry, so use a stack
that scores nothing.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from bench.harness.command import run_benchmark
from bench.harness.fleet_history import MISSING, GeneratedFleet
from local_stack.models import kept_storage
from local_stack.services.processes import StackError
from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from scoring_contract.planned_at import planned_at
from scoring_contract.predictions import COLUMNS, PredictionMark
from sensor_scoring.alerts.history_store import HISTORY_BLOB
from sensor_scoring.hourly.outcome.summary import Outcome

if TYPE_CHECKING:
    from local_stack.services.azurite import BlobStorage
    from sensor_scoring.alerts.anomaly_rate import AnomalyRate

SHOWN = 3
"""So many sensors, the first ones, have predictions; the last one too."""
_PUTS_AT_ONCE = 8


def write(fleet: GeneratedFleet, storage: BlobStorage) -> None:
    """Write a fleet and what its hours have left."""
    runs = storage.container(Container.RUNS)
    for record in fleet.records():
        written = record.to_bytes(written_at=record.hour.end + timedelta(minutes=10))
        runs.upload_blob(layout.hour_record_blob(record.hour), written, overwrite=True)
    runs.upload_blob(HISTORY_BLOB, fleet.alert_history().to_json(), overwrite=True)
    models = storage.container(Container.MODELS)
    models.upload_blob(layout.REGISTRY_BLOB, fleet.registry().to_json(), overwrite=True)
    with ThreadPoolExecutor(_PUTS_AT_ONCE) as threads:
        hours = [ago for ago in range(fleet.hours) if ago not in MISSING]
        list(threads.map(lambda ago: _write_predictions(fleet, storage, ago), hours))


def _write_predictions(fleet: GeneratedFleet, storage: BlobStorage, ago: int) -> None:
    container, hour, rates = storage.container(Container.PREDICTIONS), fleet.hour(ago), fleet.rates(ago)
    for number in sorted({*range(min(SHOWN, fleet.size)), fleet.size - 1}):
        if fleet.outcome(number, ago) is Outcome.SCORED:
            sensor = fleet.sensors[number]
            mark = PredictionMark(hour, sensor, "00" * 32, "manifest", planned_at(fleet.planned(ago)))
            text, name = (
                _predictions(fleet.pairs[number], hour, rates[number]),
                layout.prediction_blob(hour, sensor),
            )
            container.upload_blob(name, text, metadata=mark.to_metadata(), overwrite=True)


def _predictions(pair: tuple[str, str], hour: RunHour, rate: AnomalyRate) -> str:
    """Return a reading a minute, with as many anomalies as the hour's record says."""
    random = np.random.default_rng(int(hour.start.timestamp()) // 3600)
    anomalies = set(random.choice(rate.readings, rate.anomalies, replace=False).tolist())
    device, tag = (f'"{name}"' for name in pair)
    rows = []
    for minute in range(rate.readings):
        is_anomaly, at = int(minute in anomalies), hour.start + timedelta(minutes=minute)
        value, score = 20 + random.normal() + 9 * is_anomaly, 0.5 - is_anomaly + random.normal() / 9
        rows.append(f"{at:%Y-%m-%dT%H:%M:%S+00:00},{device},{tag},{value:.2f},{is_anomaly},{score:.4f}")
    return "\r\n".join((",".join(COLUMNS), *rows, ""))


def main() -> None:
    """Fill the storage of the stack of ``make up``.

    :raises SystemExit: if there is none
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sensors", type=int, default=1000)
    parser.add_argument("--last", type=RunHour.read, default=RunHour.containing(datetime.now(UTC)).previous)
    order = parser.parse_args()
    fleet = GeneratedFleet(order.sensors, order.last)
    try:
        with kept_storage() as storage:
            write(fleet, storage)
    except StackError as error:
        raise SystemExit(str(error)) from error
    print(f"{order.sensors:,} sensors, {fleet.hours} hours up to {fleet.last}")


if __name__ == "__main__":
    run_benchmark(main)
