"""The day that ``make up`` scores for a newcomer, with all of it real."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from local_stack.airflow.client import ENDED, AirflowClient
from local_stack.fleet.demo import Demo
from local_stack.fleet.demo_day import EPISODES, HOURS, DemoDay, Trouble
from local_stack.fleet.live_fleet import LiveFleet
from scoring_contract.hour import RunHour
from scoring_contract.layout import HOURS_FOLDER, Container
from scoring_contract.sensor_names import sensor_id_of
from sensor_scoring.hourly.names import DAG_ID
from tests.integration.world import HOUR
from tests.support.typed import typed
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.world import World

pytestmark = pytest.mark.timeout(3600)
ROUTES = f"/sensor-scoring/api/dags/{DAG_ID}"
LETTERS = {Trouble.SILENCE: "Q", Trouble.NO_VALUES: "F", Trouble.SPIKE: "S"}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder for the stack's data; stop what a failed test left running."""
    yield tmp_path
    typed("make down", tmp_path)


def opened(folder: Path) -> AirflowClient:
    """Sign in to the stack's Airflow."""
    state = json.loads((folder / "data" / "up.json").read_text())
    return AirflowClient(state["address"], user=(state["user"], state["password"]))


def records(web: AirflowClient) -> dict[str, dict[str, Any]]:
    """Return the records of all hours, as the fleet page asks for them."""
    hours = [each["hour"] for each in web.page(f"{ROUTES}/hours").json()["hours"]]
    return {hour: web.page(f"{ROUTES}/hours/{hour}").json() for hour in hours}


def day_of(folder: Path) -> DemoDay:
    """Return the day."""
    file = folder / "data" / "worlds" / "standing" / "demo.json"
    return DemoDay(RunHour.parse(json.loads(file.read_text())["last"]))


@pytest.mark.soak
def test_a_day_ends_with_readings_of_ones_own(world: World, tmp_path: Path) -> None:
    """Airflow keeps none of its runs active, and the fleet page knows none of its hours."""
    web, own = world.web, tmp_path / "own-readings"
    demo = Demo.of(tmp_path / "demo.json", new=HOUR.previous)
    fleet = LiveFleet(world.stack.storage, ended=own)
    assert demo is not None

    def of_backfill() -> dict[str, str]:
        return {run["dag_run_id"]: run["state"] for run in web.runs(DAG_ID) if run["run_type"] == "backfill"}

    def held() -> bool:
        return any(world.states(run).get("1_1") == "deferred" for run in of_backfill())

    others = of_backfill()
    world.scorer.hold("1_1")
    try:
        until(lambda: demo.go_on(web, fleet))
        assert demo.backfill in [each["id"] for each in web.backfills(DAG_ID)]
        until(held)
        own.touch()
        until(lambda: demo.go_on(web, fleet))
        assert web.get(f"/dags/{DAG_ID}")["is_paused"]
    finally:
        world.scorer.release()
        web.unpause(DAG_ID)
    assert set(of_backfill().values()) <= ENDED
    assert "failed" in {state for run, state in of_backfill().items() if run not in others}
    assert web.get(f"/backfills/{demo.backfill}")["completed_at"]
    runs = world.stack.storage.container(Container.RUNS)
    assert list(runs.list_blob_names(name_starts_with=HOURS_FOLDER)) == []


@pytest.mark.nightly
def test_a_newcomer_finds_a_day_that_was_scored(folder: Path) -> None:
    """By real runs, the newest hour first; a second start adds none, and readings of one's own end it."""
    up = typed("make up", folder)
    assert up.returncode == 0, up.stdout + up.stderr
    assert "A day of a simulated fleet is being scored" in up.stdout
    assert "/plugin/fleet" in up.stdout
    with closing(opened(folder)) as web:
        until(lambda: records(web))
        day = day_of(folder)
        assert str(day.last) in records(web), "the newest hour is the first that is there"
        until(lambda: len(records(web)) >= HOURS)
        found = records(web)
        for episode in EPISODES:
            sensor = sensor_id_of(episode.device, episode.tag)
            for back in range(episode.ended, episode.began + 1):
                record = found[str(day.hours[-1 - back])]
                place = record["sensors"].index(sensor)
                assert record["outcome"][place] == LETTERS[episode.trouble]
                if episode.trouble is Trouble.SPIKE:
                    assert record["anomalies"][place] > 0.25 * record["readings"][place]
        runs = {run["run_type"] for run in web.runs(DAG_ID)}
        assert "backfill" in runs
        assert web.page("/sensor-scoring/fleet").status_code == 200

    assert "The stack is stopped." in typed("make down", folder).stdout
    again = typed("make up", folder)
    assert "hourly_scoring goes on" in again.stdout
    with closing(opened(folder)) as web:
        assert len(web.backfills(DAG_ID)) == 1
    rows = ["TS,Device,Tag,Value", "2018-08-29T02:00:00Z,1,1,20.5"]
    (folder / "readings.csv").write_text("\n".join(rows) + "\n")
    assert "The simulated fleet has stopped" in typed("make load READINGS=readings.csv", folder).stdout
    kept = folder / "data" / "worlds" / "standing" / "demo.json"
    until(lambda: json.loads(kept.read_text())["is_over"])
    with closing(opened(folder)) as web:
        assert records(web) == {}
        assert web.get(f"/dags/{DAG_ID}")["is_paused"]


@pytest.mark.nightly
def test_a_newcomer_can_do_without(folder: Path) -> None:
    """Nothing is switched on then."""
    up = typed("make up DEMO=0", folder)
    assert "In the web UI, unpause hourly_scoring" in up.stdout
    assert not (folder / "data" / "worlds" / "standing" / "demo.json").exists()
    with closing(opened(folder)) as web:
        until(lambda: web.knows(DAG_ID))
        assert web.get(f"/dags/{DAG_ID}")["is_paused"]
