"""Where a DAG run keeps its things: the base of its Batch ids, found from what an address says of it.

Nobody asks Airflow. The base holds a digest of DAG and run: what is found is that run's and no other's.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.hour import RunHour
from sensor_scoring.azure_batch import ids
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.service_times import datetime_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor_scoring.settings import Settings

_MOMENT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)


class RunUnknown(LookupError):
    """Nothing is kept of a DAG run: it has not been planned yet, or has been forgotten."""


@lru_cache(maxsize=1024)
def base_of_run(dag_id: str, run_id: str, settings: Settings) -> str:
    """Return the base of a DAG run's Batch ids.

    :raises RunUnknown: if it has left nothing (yet)
    """
    store = BlobStore(settings.connections.wasb_conn_id)
    for base in _candidates(store, settings, dag_id=dag_id, run_id=run_id):
        # It also refuses what an address could make two different pairs of DAG and run of.
        if ids.is_run_of(base, dag_id=dag_id, run_id=run_id):
            return base
    raise RunUnknown(dag_id, run_id)


def _candidates(store: BlobStore, settings: Settings, *, dag_id: str, run_id: str) -> Iterator[str]:
    container = settings.containers.runs_container
    for base in likely_bases(settings.hourly.job_prefix, dag_id=dag_id, run_id=run_id):
        if store.exists(container, layout.plan_blob(base)):
            yield base
    # A person may have triggered it for any hour.
    yield from store.folders(container, "")


def likely_bases(prefix: str, *, dag_id: str, run_id: str) -> Iterator[str]:
    """Yield the bases that a DAG run has if it scores an hour just before, or at, the moment in its id.

    :param prefix: of the runs
    """
    found = _MOMENT.search(run_id)
    moment = datetime_of(found.group()) if found else None
    if moment is not None:
        hour = RunHour.containing(moment)
        for each in (hour.previous, hour):
            yield ids.run_base(prefix, each, dag_id=dag_id, run_id=run_id)
