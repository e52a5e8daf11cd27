"""Routes to the history of the fleet, against Azurite."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from scoring_contract.sensor_names import sensor_id_of
from sensor_scoring.hourly.outcome.hour_record import HourRecord
from sensor_scoring.hourly.outcome.record_store import keep_record
from sensor_scoring.hourly.outcome.summary import Outcome, SensorOutcome, Summary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.sensor_scoring.ui.conftest import FleetApi

HOUR = RunHour.parse("2018-08-29T02")


def hour_at(number: int) -> RunHour:
    """Return the hour so many hours after the first."""
    return RunHour(HOUR.start + timedelta(hours=number))


def record(
    fleet_api: FleetApi,
    hour: RunHour = HOUR,
    sensors: Iterable[str] = ("1_1",),
    run: str = "run",
    reason: str = "",
) -> None:
    """Write the record of an hour in which all sensors fared alike."""
    outcome = Outcome.FAILED if reason else Outcome.SCORED
    lines = tuple(
        SensorOutcome(sensor=sensor, outcome=outcome, readings=240, anomalies=7, reason=reason)
        for sensor in sensors
    )
    summary = Summary(
        hour=hour, run=run, dag_run_id=run, sensors=lines, planned_at=hour.end.strftime("%Y-%m-%dT%H:%M:%SZ")
    )
    assert keep_record(fleet_api.store, "runs", HourRecord.of(summary))


def hours_of(answer: dict[str, Any]) -> list[str]:
    """Return the hours that an answer lists."""
    return [each["hour"] for each in answer["hours"]]


def test_the_hours_of_a_range_are_listed_with_both_ends(fleet_api: FleetApi) -> None:
    """Also across the end of a month; hours without a record are not there."""
    last = RunHour.parse("2018-09-01T00")
    for hour in (HOUR, last.previous, last, last.next):
        record(fleet_api, hour)
    answer = fleet_api.get(f"/hours?from={HOUR.next}&to={last}").json()
    assert (answer["from"], answer["to"]) == (str(HOUR.next), str(last))
    assert hours_of(answer) == [str(last.previous), str(last)]
    assert [set(each) for each in answer["hours"]] == [{"hour", "etag", "size"}] * 2


def test_without_a_range_it_is_the_48_hours_up_to_the_newest_record(fleet_api: FleetApi) -> None:
    """Even if that was years ago: an empty page would show nothing."""
    for number in (-48, -47, 0):
        record(fleet_api, hour_at(number))
    answer = fleet_api.get("/hours").json()
    assert (answer["from"], answer["to"]) == (str(hour_at(-47)), str(HOUR))
    assert hours_of(answer) == [str(hour_at(-47)), str(HOUR)]
    assert answer["oldest"] == str(hour_at(-48))


def test_without_any_record_there_is_no_range(fleet_api: FleetApi) -> None:
    """The page then says what to do; a blob that is no record is none."""
    fleet_api.write(Container.RUNS, "_hours/2018/08/29/25.json.gz", b"")
    answer = fleet_api.get("/hours").json()
    assert (answer["from"], answer["to"], answer["oldest"], answer["hours"]) == (None, None, None, [])


def test_an_hour_is_settled_when_no_reading_of_it_can_arrive(
    fleet_api: FleetApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the server's clock, and as late as the deployment lets readings be."""
    monkeypatch.setenv("SENSOR_SCORING_LATENESS_MINUTES", "90")
    before = datetime.now(UTC)
    answer = fleet_api.get("/hours").json()
    after = datetime.now(UTC)
    late = timedelta(minutes=90)
    assert answer["settled"] in {str(RunHour.containing(now - late).previous) for now in (before, after)}
    assert before - timedelta(seconds=1) <= datetime.fromisoformat(answer["now"]) <= after


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("from=2018-08-29T02", "A range of hours has both from and to."),
        ("from=2018-08-29T02&to=2018-08-29", "'2018-08-29' is not an hour of the form 2018-08-29T02 (UTC)."),
        (
            "from=2018-08-29T02&to=2018-08-29T01",
            "The range ends at 2018-08-29T01, before it begins at 2018-08-29T02.",
        ),
        ("from=2018-08-29T02&to=2018-09-29T02", "The range has more than 31 days; ask for less at once."),
    ],
)
def test_a_range_that_makes_no_sense_is_refused_in_a_sentence(
    fleet_api: FleetApi, query: str, why: str
) -> None:
    """An hour too many is one, too."""
    answer = fleet_api.get(f"/hours?{query}")
    assert (answer.status_code, answer.json()) == (422, {"detail": why})
    assert fleet_api.get("/hours?from=2018-08-29T02&to=2018-09-29T01").status_code == 200


def test_a_record_is_handed_on_as_it_is_stored(fleet_api: FleetApi) -> None:
    """Compressed, with the ETag of its blob; to who takes no compressed answers, as it reads."""
    record(fleet_api)
    stored = fleet_api.store.read("runs", layout.hour_record_blob(HOUR))
    assert stored
    with fleet_api.browser.stream("GET", f"/dags/hourly_scoring/hours/{HOUR}") as answer:
        assert b"".join(answer.iter_raw()) == stored
    listed = fleet_api.get("/hours").json()["hours"][0]
    assert listed == {"hour": str(HOUR), "etag": answer.headers["etag"].strip('"'), "size": len(stored)}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-encoding"] == "gzip"
    plain = fleet_api.get(f"/hours/{HOUR}", accept_encoding="identity")
    assert "content-encoding" not in plain.headers
    assert plain.json() == json.loads(gzip.decompress(stored))


def test_a_browser_asks_only_for_records_that_it_has_not(fleet_api: FleetApi) -> None:
    """With the ETag in the address it never asks again, and without is told that nothing changed."""
    record(fleet_api)
    etag = fleet_api.get("/hours").json()["hours"][0]["etag"]
    kept = fleet_api.get(f"/hours/{HOUR}?etag={etag}")
    assert (kept.status_code, kept.headers["cache-control"]) == (200, "private, max-age=31536000, immutable")
    asked = fleet_api.get(f"/hours/{HOUR}")
    assert asked.headers["cache-control"] == "private, no-cache"
    for known in (f'"{etag}"', f'"x", W/"{etag}"'):
        again = fleet_api.get(f"/hours/{HOUR}", if_none_match=known)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", f'"{etag}"')
    record(fleet_api, run="newer", sensors=["1_1", "1_2"])
    changed = fleet_api.get(f"/hours/{HOUR}?etag={etag}", if_none_match=f'"{etag}"')
    assert (changed.status_code, changed.headers["cache-control"]) == (200, "private, no-cache")
    assert changed.json()["sensors"] == ["1_1", "1_2"]


def test_an_hour_without_a_record_says_so(fleet_api: FleetApi) -> None:
    """As does what is no hour."""
    missing = fleet_api.get(f"/hours/{HOUR}")
    assert missing.status_code == 404
    assert missing.json() == {"detail": f"The hour {HOUR} has no record: no run has summed it up."}
    assert fleet_api.get("/hours/2018-08-29").status_code == 422
    assert fleet_api.get("/hours/..%2F..%2Fregistry.json").status_code == 404


def test_names_are_data_and_never_markup(fleet_api: FleetApi) -> None:
    """The answer is JSON that no browser takes for a page, whatever a sensor is called."""
    sensor = sensor_id_of("<img src=x onerror=alert(1)>", "</script>")
    record(fleet_api, sensors=[sensor], reason="<img src=x onerror=alert(1)>")
    answer = fleet_api.get(f"/hours/{HOUR}")
    assert answer.json()["sensors"] == [sensor]
    assert answer.json()["reasons"] == ["<img src=x onerror=alert(1)>"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_an_hour_of_20000_sensors_is_a_small_answer(fleet_api: FleetApi) -> None:
    """As each of 48 must be, for a page that opens at once."""
    record(fleet_api, sensors=[f"{device}_{tag}" for device in range(2000) for tag in range(10)])
    assert fleet_api.get("/hours").json()["hours"][0]["size"] < 100_000
    assert len(fleet_api.get(f"/hours/{HOUR}").json()["readings"]) == 20_000


def test_another_dag_leads_to_no_fleet(fleet_api: FleetApi) -> None:
    """Who may see that one need not be one who may see the fleet."""
    record(fleet_api)
    for address in ("/hours", f"/hours/{HOUR}", "/sensors"):
        answer = fleet_api.get(address, dag="example_consumer")
        assert (answer.status_code, answer.json()) == (
            404,
            {"detail": "Only the DAG hourly_scoring scores the fleet."},
        )


def test_what_keeps_the_server_from_answering_is_one_sentence(
    fleet_api: FleetApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that Airflow has not, a setting that cannot be read."""
    monkeypatch.setenv("SENSOR_SCORING_WASB_CONN_ID", "no_such_connection")
    answer = fleet_api.get("/hours")
    assert answer.status_code == 502
    assert "no_such_connection" in answer.json()["detail"]
    monkeypatch.setenv("SENSOR_SCORING_MAX_NODES", "many")
    answer = fleet_api.get("/hours")
    assert answer.status_code == 502
    assert "SENSOR_SCORING_MAX_NODES" in answer.json()["detail"]
