"""Changes through the fleet's routes in a real api-server: who may make them, and what no forger may."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from scoring_contract.messages.manifest import ModelRef
from scoring_contract.messages.registry import Registry, TrainedModel, TrainedSensor
from scoring_contract.messages.span_label import LabelId, LabelKind, SpanLabel
from tests.sensor_scoring.api_server import HOST, PATH, PROXY, Request
from tests.sensor_scoring.conftest import WASB_CONN

if TYPE_CHECKING:
    from local_stack.services.azurite import BlobStorage
    from tests.sensor_scoring.api_server import ApiServer

HOUR = RunHour.parse("2018-08-29T02")
START = int(HOUR.start.timestamp()) * 1000
GIVEN = SpanLabel(
    sensor="1_4",
    id=LabelId(START, START, "0123456789ab"),
    kind=LabelKind.MAINTENANCE,
    by="ada",
    at="2018-08-29T05:00:00.000000Z",
)
BLOB = layout.span_label_blob("1_4", str(GIVEN.id))
DAG = f"{PATH}/sensor-scoring/api/dags/hourly_scoring"
LABELS = f"{DAG}/sensors/1_4/labels"
RANGE = f"?from={HOUR}&to={HOUR}"
SHOWN = [f"{DAG}{path}{RANGE}" for path in ("/sensors/1_4/readings", "/sensors/1_4/labels", "/gaps")]
SHOWN += [f"{DAG}/sensors/1_4/readings.{form}{RANGE}" for form in ("csv", "parquet")]
SHOWN += [f"{DAG}/sensors/1_4/model"]
CELLS = json.dumps({"cells": [{"hour": str(HOUR), "sensors": ["1_4"]}]})
OURS = {"origin": f"http://{HOST}"}
JSON = {"content-type": "application/json"}
BODY = json.dumps({"from": START, "to": START + 1, "kind": "maintenance"})

FORGED: dict[str, dict[str, Any]] = {
    "no-origin": JSON,
    "another-origin": {**JSON, "origin": "https://evil.example"},
    "another-port": {**JSON, "origin": "http://airflow.example:9090"},
    "a-page-without-origin": {**JSON, "origin": "null"},
    "another-site-by-the-browsers-word": {**JSON, **OURS, "sec-fetch-site": "cross-site"},
    "another-page-of-the-same-site": {**JSON, **OURS, "sec-fetch-site": "same-site"},
    "an-address-that-was-typed": {**JSON, **OURS, "sec-fetch-site": "none"},
    "a-token-in-a-page-from-elsewhere": {**JSON, "bearer": True, "origin": "https://evil.example"},
    "a-token-without-origin": {**JSON, "bearer": True},
}
NO_JSON: dict[str, dict[str, Any]] = {
    "a-form": {**OURS, "content-type": "application/x-www-form-urlencoded"},
    "a-form-with-a-file": {**OURS, "content-type": "multipart/form-data; boundary=x"},
    "a-text": {**OURS, "content-type": "text/plain"},
    "a-text-that-mentions-json": {**OURS, "content-type": "text/plain; application/json"},
    "no-content-type": OURS,
}


@pytest.fixture
def data(storage: BlobStorage) -> Any:
    """Publish a model of sensor 1_4 and label it."""
    model = TrainedModel(ModelRef("v1", "m.json", "0" * 64, "f"), None, None, 0, {})
    registry = Registry().publishing([TrainedSensor("1_4", "1", "4", model)])
    storage.container(Container.MODELS).upload_blob(layout.REGISTRY_BLOB, registry.to_json(), overwrite=True)
    data = storage.container(Container.DATA)
    data.upload_blob(BLOB, GIVEN.to_json(), overwrite=True)
    return data


def changed(server: ApiServer, *requests: Request) -> list[tuple[int, str]]:
    """Send requests to a server that reaches the account; return status and text of each answer."""
    variable = f"AIRFLOW_CONN_{WASB_CONN.upper()}"
    environ = {"SENSOR_SCORING_WASB_CONN_ID": WASB_CONN, variable: os.environ[variable]}
    return [(answer["status"], answer["text"]) for answer in server.ask(*requests, environ=environ)]


def test_no_forged_request_changes_anything(api_server: ApiServer, data: Any) -> None:
    """Whether it would add or delete, in the session of one who may; the sentence says what is wrong."""
    named = [*FORGED.items(), *NO_JSON.items()]
    adding = [Request("user", "POST", LABELS, headers, BODY) for _, headers in named]
    deleting = [Request("user", "DELETE", f"{LABELS}/{GIVEN.id}", headers) for headers in FORGED.values()]
    found = changed(api_server, *adding, *deleting)
    names = [name for name, _ in named] + [f"{name}-deletes" for name in FORGED]
    expected = [415 if name in NO_JSON else 403 for name in names]
    assert dict(zip(names, (status for status, _ in found), strict=True)) == dict(
        zip(names, expected, strict=True)
    )
    for name, (_, text) in zip(names, found, strict=True):
        word = "must be JSON" if name in NO_JSON else "Only a page of this Airflow may change this"
        assert word in json.loads(text)["detail"]
    assert list(data.list_blob_names()) == [BLOB]


def test_only_who_may_edit_the_dag_changes_labels(api_server: ApiServer, data: Any) -> None:
    """A viewer reads all that there is, and learns what scoring again takes; others do not even that."""
    headers = {**JSON, **OURS}
    changes = (("POST", LABELS, BODY), ("DELETE", f"{LABELS}/{GIVEN.id}", ""))
    looks = [("GET", address, "") for address in SHOWN] + [("POST", f"{DAG}/rescore", CELLS)]
    found = changed(
        api_server,
        *[
            Request(who, method, address, headers, body)
            for who in ("nobody", "viewer")
            for method, address, body in (*changes, *looks)
        ],
    )
    statuses = [status for status, _ in found]
    assert statuses == [401] * (2 + len(looks)) + [403] * 2 + [200] * len(looks)
    viewed = dict(zip(SHOWN, (text for _, text in found[-len(looks) :]), strict=False))
    assert [label["id"] for label in json.loads(viewed[LABELS + RANGE])["labels"]] == [str(GIVEN.id)]
    assert json.loads(found[0][1]) == {"detail": "You are not signed in to Airflow, or no longer."}
    assert json.loads(found[2 + len(looks)][1]) == {
        "detail": "Airflow does not let you do this with this DAG."
    }
    assert list(data.list_blob_names()) == [BLOB]


def test_a_page_of_our_own_changes_labels_in_the_name_of_who_is_signed_in(
    api_server: ApiServer, data: Any
) -> None:
    """As the browser says, or as its origin does, behind a proxy or not; or a program that says so."""
    ours: tuple[dict[str, Any], ...] = (
        {**JSON, **OURS},
        {**JSON, "sec-fetch-site": "same-origin"},
        {**JSON, "origin": PROXY},
        {**JSON, **OURS, "bearer": True},
        {"content-type": "application/json; charset=utf-8", **OURS},
    )
    found = changed(
        api_server,
        *[Request("user", "POST", LABELS, headers, BODY) for headers in ours],
        Request("user", "DELETE", f"{LABELS}/{GIVEN.id}", OURS),
    )
    assert [status for status, _ in found] == [201] * len(ours) + [204]
    assert {json.loads(text)["by"] for _, text in found[:-1]} == {"user"}
    kept = set(data.list_blob_names())
    assert kept == {layout.span_label_blob("1_4", json.loads(text)["id"]) for _, text in found[:-1]}
