"""Where a run keeps its things, by what an address says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from sensor_scoring.azure_batch import ids
from sensor_scoring.setting_groups import ConnectionSettings
from sensor_scoring.settings import Settings
from sensor_scoring.ui.run_place import RunUnknown, base_of_run, likely_bases
from tests.sensor_scoring.conftest import WASB_CONN

if TYPE_CHECKING:
    from local_stack.services.azurite import BlobStorage

SETTINGS = Settings(connections=ConnectionSettings(wasb_conn_id=WASB_CONN))
DAG = "hourly_scoring"


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    """Know no run beforehand."""
    base_of_run.cache_clear()


def planned(storage: BlobStorage, hour: str, run_id: str, *, prefix: str = "scoring") -> str:
    """Leave the plan of a run; return its base."""
    base = ids.run_base(prefix, RunHour.parse(hour), dag_id=DAG, run_id=run_id)
    storage.container(Container.RUNS).upload_blob(layout.plan_blob(base), "{}")
    return base


@pytest.mark.parametrize(
    ("run_id", "hour"),
    [
        pytest.param("scheduled__2018-08-29T03:00:00+00:00", "2018-08-29T02", id="scheduled"),
        pytest.param("backfill__2018-08-29T03:00:00.123456+00:00", "2018-08-29T02", id="backfill"),
        pytest.param("manual__2018-08-29T04:31:07+02:00", "2018-08-29T01", id="by-hand"),
        pytest.param("scheduled__2018-08-29T03:00:00+00:00", "2018-08-29T03", id="the-hour-itself"),
        pytest.param("manual__2018-08-29T03:00:00+00:00", "2016-01-01T00", id="any-hour-was-asked-for"),
        pytest.param("after the storm", "2018-08-29T02", id="a-name-of-ones-own"),
        pytest.param("manual__0001-01-01T00:00:00+23:59", "2018-08-29T02", id="no-moment-of-ours"),
    ],
)
def test_a_run_is_found(storage: BlobStorage, run_id: str, hour: str) -> None:
    """Whatever hour it scores, and under whatever prefix it once was made."""
    base = planned(storage, hour, run_id)
    planned(storage, hour, f"{run_id}x")
    assert base_of_run(DAG, run_id, SETTINGS) == base
    old = planned(storage, hour, "of former settings", prefix="former")
    assert base_of_run(DAG, "of former settings", SETTINGS) == old


def test_a_run_that_has_left_nothing_is_unknown_until_it_has(storage: BlobStorage) -> None:
    """It is planned when late readings have come."""
    run_id = "scheduled__2018-08-29T03:00:00+00:00"
    with pytest.raises(RunUnknown):
        base_of_run(DAG, run_id, SETTINGS)
    base = planned(storage, "2018-08-29T02", run_id)
    assert base_of_run(DAG, run_id, SETTINGS) == base


@pytest.mark.parametrize(
    ("dag_id", "run_id"),
    [
        ("another", "scheduled__2018-08-29T03:00:00+00:00"),
        (DAG, "scheduled__2018-08-29T03:00:00+00:01"),
        (DAG, ""),
        ("", f"{DAG}\0scheduled__2018-08-29T03:00:00+00:00"),
        (f"{DAG}\0scheduled__2018-08-29T03:00:00+00:00", ""),
    ],
)
def test_no_address_leads_to_another_run(storage: BlobStorage, dag_id: str, run_id: str) -> None:
    """Whoever may see one DAG may not see another one's runs."""
    planned(storage, "2018-08-29T02", "scheduled__2018-08-29T03:00:00+00:00")
    with pytest.raises(RunUnknown):
        base_of_run(dag_id, run_id, SETTINGS)


def test_the_hour_before_is_looked_for_first() -> None:
    """A run's moment is the end of its hour."""
    run_id = "scheduled__2018-08-29T03:00:00+00:00"
    likely = [ids.hour_of_run(base) for base in likely_bases("scoring", dag_id=DAG, run_id=run_id)]
    assert list(map(str, likely)) == ["2018-08-29T02", "2018-08-29T03"]
    assert list(likely_bases("scoring", dag_id=DAG, run_id="no moment")) == []
