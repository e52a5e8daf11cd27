"""The route to what completes hours."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from sensor_scoring.hourly.names import DAG_ID
from sensor_scoring.ui.api.access import may_see_runs
from sensor_scoring.ui.api.app import app


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """Sign in; nothing is stored."""
    monkeypatch.setitem(app.dependency_overrides, may_see_runs, lambda: None)
    return TestClient(app)


def a_run(hour: str, **more: object) -> dict[str, object]:
    """Return the hour's own run, as Airflow's REST API lists it."""
    start = f"{hour}:00:00Z"
    dates = dict.fromkeys(("logical_date", "data_interval_start", "run_after"), start)
    return {**dates, "state": "failed", **more}


def proposed(browser: TestClient, hours: list[str], *runs: dict[str, object]) -> list[dict[str, object]]:
    """Ask what completes hours."""
    asked = {"hours": hours, "runs": list(runs)}
    answer = browser.post(f"/dags/{DAG_ID}/gaps/repairs", json=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["repairs"]
    return found


def test_hours_without_a_run_need_a_backfill(browser: TestClient) -> None:
    """It is what a terminal would be told, and what Airflow's REST API takes."""
    assert proposed(browser, ["2018-08-29T02", "2018-08-29T04"]) == [
        {
            "action": "backfill",
            "hours": ["2018-08-29T02", "2018-08-29T04"],
            "also": 0,
            "command": (
                "airflow backfill create --dag-id hourly_scoring --from-date 2018-08-29T02:00:00+00:00 "
                "--to-date 2018-08-29T04:00:00+00:00 --reprocess-behavior none --max-active-runs 2"
            ),
            "body": {
                "dag_id": "hourly_scoring",
                "from_date": "2018-08-29T02:00:00+00:00",
                "to_date": "2018-08-29T04:00:00+00:00",
                "reprocess_behavior": "none",
                "max_active_runs": 2,
            },
        }
    ]


def test_what_airflow_has_for_an_hour_decides(browser: TestClient) -> None:
    """A failed run is run again, a green one cleared, the place of another hour left alone."""
    hours = [f"2018-08-29T{number:02}" for number in (2, 5, 8, 9)]
    found = proposed(
        browser,
        hours,
        a_run("2018-08-29T02"),
        a_run("2018-08-29T05", state="success"),
        a_run("2018-08-29T08", conf={"hour": "2018-08-29T07"}),
        a_run("2018-08-29T09", state="running"),
    )
    assert [(each["action"], each["hours"]) for each in found] == [
        ("backfill", ["2018-08-29T02"]),
        ("clear", ["2018-08-29T05"]),
        ("trigger", ["2018-08-29T08"]),
    ]
    behaviour, clear, trigger = (each["body"] for each in found)
    assert isinstance(behaviour, dict)
    assert behaviour["reprocess_behavior"] == "failed"
    assert clear == dict.fromkeys(("start_date", "end_date"), "2018-08-29T05:00:00+00:00")
    assert trigger == {"logical_date": None, "conf": {"hour": "2018-08-29T08"}}


def test_what_is_no_hour_is_refused(browser: TestClient) -> None:
    """Nothing is proposed for a guess."""
    answer = browser.post(f"/dags/{DAG_ID}/gaps/repairs", json={"hours": ["2018-02-30T02"], "runs": []})
    assert answer.status_code == 422
