"""docker-compose.yaml as it is first started: with a simulated fleet whose day is scored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local_stack.airflow.client import AirflowClient
from scoring_contract.layout import HOURS_FOLDER, REGISTRY_BLOB, Container
from scoring_contract.messages.registry import Registry
from tests.images.composed import CHOSEN, composed
from tests.images.demo import DAG, SENSORS, storage_of
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.images.composed import Composed

pytestmark = pytest.mark.images


@pytest.fixture(scope="module")
def project(images: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    """Start what a new .env starts, and nothing else."""
    project = composed(tmp_path_factory.mktemp("demo"), images, CHOSEN)
    try:
        project("up", "--detach")
        yield project
    finally:
        project("down", "--volumes", "--timeout", "10")


def test_a_day_is_scored_until_the_fleet_ends(project: Composed) -> None:
    """After one command hours are scored, and the log says where to look; the end leaves no result."""
    airflow = AirflowClient(
        project.url("api-server"), user=("admin", project.values["AIRFLOW_ADMIN_PASSWORD"])
    )
    until(lambda: _said(project, "are being scored, the newest first"))
    assert _said(project, "http://localhost:8080/plugin/fleet")
    (backfill,) = airflow.backfills(DAG)
    until(lambda: _scored(airflow, "backfill") and _scored(airflow, "scheduled"))
    assert backfill["completed_at"] is None
    assert len(_registry(project).sensors) == SENSORS

    project("restart", "--timeout", "10", "demo")
    project("run", "--rm", "-T", "--no-deps", "demo", "--end")
    until(lambda: _said(project, "the simulated day is over"))
    assert not _registry(project).sensors
    assert airflow.get(f"/dags/{DAG}")["is_paused"]
    with storage_of(project).container(Container.RUNS) as runs:
        assert not list(runs.list_blob_names(name_starts_with=HOURS_FOLDER))
    airflow.close()


def _said(project: Composed, words: str) -> bool:
    """Whether the log of the demo has these words."""
    return words in project("logs", "demo")


def _scored(airflow: AirflowClient, kind: str) -> bool:
    """Whether a run of a kind was green."""
    return any((run["run_type"], run["state"]) == (kind, "success") for run in airflow.runs(DAG))


def _registry(project: Composed) -> Registry:
    with storage_of(project).container(Container.MODELS) as models:
        return Registry.from_json(models.download_blob(REGISTRY_BLOB).readall())
