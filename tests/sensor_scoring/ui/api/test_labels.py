"""Routes to labels of spans, against Azurite; ``test_fleet_changes.py`` meets Airflow's own checks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from airflow.api_fastapi.core_api.security import get_user

from scoring_contract import layout
from scoring_contract.layout import Container
from scoring_contract.messages.span_label import SpanLabel
from sensor_scoring.hourly.names import DAG_ID
from sensor_scoring.ui.api.app import app
from tests.sensor_scoring.sensors.predictions import HOUR, Predictor, a_part, micros_of
from tests.sensor_scoring.ui.api.test_sensors import publish

if TYPE_CHECKING:
    from httpx2 import Response

    from tests.sensor_scoring.ui.conftest import FleetApi

PAIR = ("1", "4")
START = int(HOUR.start.timestamp()) * 1000
MINUTE, HOURS = 60_000, 3_600_000


@dataclass(frozen=True)
class User:
    """Somebody who is signed in."""

    name: str

    def get_name(self) -> str:
        """Return the name, as Airflow's users do."""
        return self.name


@dataclass(frozen=True)
class People:
    """People who label from a page of our own."""

    api: FleetApi

    def give(self, sensor: str = "1_4", **members: Any) -> Response:
        """Label a span."""
        body = {"from": START, "to": START + MINUTE, "kind": "false alarm", **members}
        found: Response = self.api.browser.post(
            f"/dags/{DAG_ID}/sensors/{sensor}/labels", json=body, headers={"sec-fetch-site": "same-origin"}
        )
        return found

    def take(self, label: str, sensor: str = "1_4") -> Response:
        """Delete a label."""
        found: Response = self.api.browser.delete(
            f"/dags/{DAG_ID}/sensors/{sensor}/labels/{label}", headers={"sec-fetch-site": "same-origin"}
        )
        return found

    def shown(self, first: Any = HOUR, last: Any = HOUR) -> list[dict[str, Any]]:
        """Return the labels of some hours."""
        labels: list[dict[str, Any]] = self.api.get(f"/sensors/1_4/labels?from={first}&to={last}").json()[
            "labels"
        ]
        return labels

    def stored(self) -> list[str]:
        """List the blobs of labels."""
        return list(self.api.storage.container(Container.DATA).list_blob_names())


@pytest.fixture
def people(fleet_api: FleetApi, monkeypatch: pytest.MonkeyPatch) -> People:
    """Sign Ada in, in front of a registry with sensor 1_4."""
    publish(fleet_api, [PAIR])
    monkeypatch.setitem(app.dependency_overrides, get_user, lambda: User("ada"))
    return People(fleet_api)


def test_a_label_says_who_gave_it_and_when(people: People) -> None:
    """It is shown as it was given, in every hour of its span."""
    before = datetime.now(UTC)
    given = people.give(to=START + 2 * HOURS, note="  pump\nreplaced ")
    assert given.status_code == 201
    label = given.json()
    assert before <= datetime.fromisoformat(label.pop("at")) <= datetime.now(UTC)
    assert label == {
        "id": label["id"],
        "from": START,
        "to": START + 2 * HOURS,
        "kind": "false alarm",
        "note": "pump\nreplaced",
        "by": "ada",
    }
    for hour in (HOUR, HOUR.next, HOUR.next.next):
        assert people.shown(hour, hour) == [given.json()]
    assert people.shown(HOUR.previous, HOUR.previous) == []


def test_nobody_labels_in_the_name_of_another(people: People) -> None:
    """Who and when are not asked for."""
    for claim in ({"by": "eve"}, {"at": "2018-08-29T03:00:00Z"}, {"id": "x"}):
        assert people.give(**claim).status_code == 422
    assert people.stored() == []


def test_a_name_that_cannot_be_shown_is_escaped(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user directory may hold any text."""
    monkeypatch.setitem(app.dependency_overrides, get_user, lambda: User("eve\u202e\n"))
    assert people.give().json()["by"] == "eve\\u202e\\n"


def test_real_anomalies_are_those_that_were_flagged(people: People) -> None:
    """Their timestamps are kept: the hour may be scored again with another model."""
    predictor = Predictor(people.api.storage)
    predictor.alone(a_part(PAIR, [[1]] * 4, scores=[-1, 1, -1, -1]))
    predictor.alone(a_part(PAIR, [[1]] * 2, hour=HOUR.next, scores=[-1, -1]), HOUR.next)
    span: dict[str, Any] = {"from": START + MINUTE, "to": START + HOURS}
    assert people.give(kind="real", **span).status_code == 201
    (blob,) = people.stored()
    label = SpanLabel.from_json(people.api.store.read("data", blob) or b"")
    assert list(label.readings) == [*micros_of(HOUR, 120, 180), *micros_of(HOUR.next, 0)]


def test_what_was_not_flagged_cannot_be_real(people: People) -> None:
    """Nor what nobody can look up; nothing is written."""
    predictor = Predictor(people.api.storage)
    predictor.alone(a_part(PAIR, [[1]] * 4))
    refused = people.give(kind="real")
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "None of these readings is flagged as an anomaly, so none can be a real one.",
    )
    predictor.put(layout.prediction_blob(HOUR, "1_4"), b"?")
    refused = people.give(kind="real")
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "Which readings were flagged is unknown: 2018-08-29T02 cannot be read.",
    )
    assert people.stored() == []


def test_a_deleted_label_is_gone_from_all_its_hours(people: People) -> None:
    """Another of the same span stays; to delete it again, or as another sensor's, changes nothing."""
    gone, stays = (people.give(to=START + 3 * HOURS).json() for _ in range(2))
    assert people.take(gone["id"], sensor="1_5").status_code == 404
    assert people.take(gone["id"]).status_code == 204
    last = HOUR.next.next.next
    assert people.shown(HOUR, last) == people.shown(last, last) == [stays]
    again = people.take(gone["id"])
    assert (again.status_code, again.json()["detail"]) == (404, "There is no such label, or no longer.")
    for other in ("x", "..%2F..%2F2018%2F08%2F29%2F02", "%2e%2e"):
        assert people.take(other).status_code in {404, 405}
    assert people.shown() == [stays]


def test_a_label_that_cannot_be_read_is_named(people: People) -> None:
    """The others are shown beside it."""
    given = people.give().json()
    (blob,) = people.stored()
    people.api.write(Container.DATA, blob.replace(given["id"][-12:], "0" * 12), "{}")
    answer = people.api.get(f"/sensors/1_4/labels?from={HOUR}&to={HOUR}").json()
    assert answer["labels"] == [given]
    assert answer["problems"][0].endswith("000.json: label: contract: is version None, this program reads 2.")


@pytest.mark.parametrize(
    ("members", "status", "detail"),
    [
        ({"to": START - 1}, 422, "The span ends before it begins."),
        ({"to": START + 7 * 24 * HOURS}, 422, "The span has more than 7 days; label less at once."),
        ({"from": -1}, 422, "Body.from: Input should be greater than or equal to 0."),
        ({"to": 10**18}, 422, "Body.to: Input should be less than or equal to 253370764799999."),
        ({"from": "2018-08-29"}, 422, "Body.from: Input should be a valid integer."),
        ({"from": 1.5}, 422, "Body.from: Input should be a valid integer."),
        ({"kind": "odd"}, 422, "Body.kind: Input should be 'real', 'false alarm' or 'maintenance'."),
        ({"note": "x" * 501}, 422, "Body.note: String should have at most 500 characters."),
        ({"note": "a\u202eb"}, 422, "The note has characters that cannot be shown."),
        ({"note": "\x00"}, 422, "The note has characters that cannot be shown."),
        ({"sensor": "1_5"}, 404, "The registry has no sensor 1_5."),
        ({"sensor": ".x"}, 404, "No sensor can have this id."),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(
    people: People, members: dict[str, Any], status: int, detail: str
) -> None:
    """And nothing is written."""
    answer = people.give(**members)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})
    assert people.stored() == []


def test_a_note_may_have_five_hundred_characters_of_any_script(people: People) -> None:
    """Markup stays text."""
    note = "<img src=x onerror=alert(1)> Pumpe geprüft 🛠 " + "ж" * 455
    assert len(note) == 500
    assert people.give(note=note).json()["note"] == note
    assert people.shown()[0]["note"] == note
