"""What reaches a collector and Application Insights, on the wire, and what comes of those that take none."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from sensor_scoring.setting_groups import TelemetrySettings
from sensor_scoring.telemetry import metrics
from sensor_scoring.telemetry.metrics import Attribute, Point
from sensor_scoring.telemetry.sending import send
from sensor_scoring.telemetry.spans import Event, Span, Trace, span_id, trace_id
from tests.support.telemetry_receiver import connected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.telemetry_receiver import Received

TRACE = trace_id("scoring-20180829T02-b047316e0f", "2018-08-29T03:05:00.123456Z")
RUN, TASK = span_id(TRACE, "run", "0"), span_id(TRACE, "batch task", "job", "task")
START = datetime(2018, 8, 29, 3, 5, 0, 123456, tzinfo=UTC)
END = START + timedelta(seconds=90, microseconds=1)
SPANS = (
    Span(
        id=RUN,
        name="hourly_scoring",
        start=START,
        end=END,
        attributes={"sensor_scoring.hour": "2018-08-29T02", "sensor_scoring.run.readings": 3600},
        failure="1 sensors failed: 1_4",
        is_request=True,
    ),
    Span(
        id=TASK,
        parent=RUN,
        name="Batch task",
        start=START + timedelta(seconds=1),
        end=END,
        events=[Event("sensor failed", END, {"sensor_scoring.sensor": "1_4"})],
    ),
)
POINTS = (
    Point(metrics.QUEUE, 7, {Attribute.POOL: "p"}),
    Point(metrics.NODES, 0, {Attribute.POOL: "p", Attribute.NODE_STATE: "idle"}),
    Point(metrics.NODES, 2, {Attribute.POOL: "p", Attribute.NODE_STATE: "running"}),
)
QUICK = 0.3
"""Seconds that are waited for who does not answer."""


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> Iterator[Received]:
    """Run a receiver, and point the default connections at it."""
    with connected(monkeypatch) as received:
        yield received
        received.answers.set()
        for thread in threading.enumerate():
            if thread.name.startswith("telemetry to"):
                thread.join()


def sent(text: str, *, seconds: float = 10) -> bool:
    """Send a small trace and some metrics."""
    settings = TelemetrySettings(telemetry=text, telemetry_seconds=seconds)
    return send(settings, points=POINTS, trace=Trace(TRACE, SPANS))


def test_a_collector_gets_spans_with_our_ids_and_times(received: Received) -> None:
    """OTLP over HTTP in protobuf: ids are ours, times exact to the microsecond, failures are failures."""
    assert sent("otlp")
    run, task = received.spans
    assert (run["traceId"], run["spanId"], run.get("parentSpanId")) == (TRACE, RUN, None)
    assert (task["traceId"], task["spanId"], task["parentSpanId"]) == (TRACE, TASK, RUN)
    assert [run["startTimeUnixNano"], run["endTimeUnixNano"]] == [
        "1535511900123456000",
        "1535511990123457000",
    ]
    assert (run["kind"], task["kind"]) == ("SPAN_KIND_SERVER", "SPAN_KIND_INTERNAL")
    assert run["status"] == {"code": "STATUS_CODE_ERROR", "message": "1 sensors failed: 1_4"}
    assert task["status"] == {"code": "STATUS_CODE_OK"}
    assert run["attributes"] == {
        "sensor_scoring.hour": "2018-08-29T02",
        "sensor_scoring.run.readings": "3600",  # int64 is a text in protobuf's JSON
    }
    (event,) = task["events"]
    assert (event["name"], event["attributes"]) == ("sensor failed", {"sensor_scoring.sensor": "1_4"})
    assert [each["service.name"] for each in received.resources] == ["sensor-scoring"] * 2
    assert {headers["api-key"] for headers in received.headers} == {"received"}


def test_a_collector_gets_gauges(received: Received) -> None:
    """With unit and description of the table, a value for each set of attributes, 0 included."""
    before = time.time_ns()
    assert sent("otlp")
    assert [(metric["name"], metric["unit"], metric["description"]) for metric in received.metrics] == [
        (metric.name, metric.unit, metric.what) for metric in (metrics.QUEUE, metrics.NODES)
    ]
    name = metrics.NODES.name
    assert received.values() == {
        (metrics.QUEUE.name, "p"): 7,
        (name, "p", "idle"): 0,
        (name, "p", "running"): 2,
    }
    times = {
        int(point["timeUnixNano"]) for metric in received.metrics for point in metric["gauge"]["dataPoints"]
    }
    assert len(times) == 1
    assert before - 1000 <= times.pop() <= time.time_ns()


def test_application_insights_gets_envelopes(received: Received) -> None:
    """The run is a request, its parts dependencies, a failed sensor a message, and each value a metric."""
    before = set(threading.enumerate())
    assert sent("application-insights")
    after = [thread.name for thread in set(threading.enumerate()) - before]
    # The receiver's end by themselves; the exporter's own would tell of it as long as the process lives.
    assert [name for name in after if "process_request_thread" not in name] == []
    (request,), (part,) = received.of_type("RequestData"), received.of_type("RemoteDependencyData")
    assert (request["id"], request["name"], request["success"]) == (RUN, "hourly_scoring", False)
    assert request["duration"] == "0.00:01:30.000"
    assert request["properties"]["sensor_scoring.run.readings"] == "3600"
    assert (part["id"], part["name"], part["type"], part["success"]) == (TASK, "Batch task", "InProc", True)
    by_id = {each["data"]["baseData"].get("id"): each for each in received.envelopes}
    assert {by_id[each]["tags"]["ai.operation.id"] for each in (RUN, TASK)} == {TRACE}
    assert by_id[TASK]["tags"]["ai.operation.parentId"] == RUN
    assert by_id[RUN]["time"] == "2018-08-29T03:05:00.123456Z"
    assert by_id[RUN]["tags"]["ai.cloud.role"] == "sensor-scoring"
    (message,) = received.of_type("MessageData")
    assert (message["message"], message["properties"]) == ("sensor failed", {"sensor_scoring.sensor": "1_4"})
    found = [
        (each["metrics"][0]["name"], each["metrics"][0]["value"], each["properties"])
        for each in received.of_type("MetricData")
    ]
    assert found == [
        (point.metric.name, point.value, {str(name): value for name, value in point.attributes.items()})
        for point in POINTS
    ]


def test_a_large_trace_is_sent_in_parts(received: Received) -> None:
    """Every span once."""
    spans = [
        Span(id=span_id(TRACE, str(number)), parent=RUN, name="queue", start=START, end=END)
        for number in range(1200)
    ]
    settings = TelemetrySettings(telemetry="otlp")
    assert send(settings, points=POINTS, trace=Trace(TRACE, spans))
    assert [span["spanId"] for span in received.spans] == [span.id for span in spans]
    assert len(received.headers) == 3 + 1


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.mark.behaviour("telemetry-away")
@pytest.mark.parametrize("kind", ["otlp", "application-insights"])
def test_a_target_that_is_away_is_one_line_of_the_log(
    received: Received, kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With the reason; what exporters say of each try is not in the log, and the other target gets all."""
    address = f"http://127.0.0.1:{free_port()}"
    secret = f"InstrumentationKey=00000000-1111-2222-3333-444444444444;IngestionEndpoint={address}/"
    monkeypatch.setenv(
        "AIRFLOW_CONN_AWAY", json.dumps({"conn_type": "http", "host": address, "password": secret})
    )
    assert sent(f"{kind}:away otlp", seconds=2)
    assert len(received.spans) == len(SPANS)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"Telemetry did not reach {kind}:away: ")
    assert "refused" in line or "in time" in line


@pytest.mark.behaviour("telemetry-away")
@pytest.mark.parametrize("kind", ["otlp", "application-insights"])
def test_a_target_that_does_not_answer_delays_nobody_for_longer_than_the_limit(
    received: Received, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is given up, and said so."""
    received.answers.clear()
    assert not sent(kind, seconds=QUICK)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"Telemetry did not reach {kind}:{kind.replace('-', '_')}_default: ")
    assert received.spans == received.envelopes == []


@pytest.mark.behaviour("telemetry-away")
@pytest.mark.parametrize("kind", ["otlp", "application-insights"])
def test_a_target_that_refuses_is_said_to(
    received: Received, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A wrong key, say."""
    received.status = 401
    assert not sent(kind)
    (line,) = [record.getMessage() for record in caplog.records]
    assert "401" in line or "Unauthorized" in line


@pytest.mark.parametrize(
    ("word", "connection", "why"),
    [
        pytest.param("otlp:unheard", None, "unheard", id="no-connection"),
        pytest.param(
            "otlp:odd",
            {"conn_type": "http", "host": "collector"},
            "the connection odd has the host 'collector'; it must be the collector's address",
            id="no-address",
        ),
        pytest.param(
            "application-insights:odd",
            {"conn_type": "generic"},
            "the connection odd has no password; it must be the connection string",
            id="no-connection-string",
        ),
    ],
)
def test_a_connection_that_cannot_work_is_one_sentence(
    word: str,
    connection: dict[str, str] | None,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And no error: the run is good all the same."""
    if connection:
        monkeypatch.setenv("AIRFLOW_CONN_ODD", json.dumps(connection))
    assert not sent(word)
    lines = [record.getMessage() for record in caplog.records if "Telemetry" in record.getMessage()]
    assert len(lines) == 1
    assert why in lines[0]


def test_an_exporter_that_is_not_installed_is_named(
    received: Received, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With what to install."""
    monkeypatch.setitem(sys.modules, "azure.monitor.opentelemetry.exporter", None)
    assert not sent("application-insights")
    assert "install requirements-application-insights.txt into Airflow's environment" in caplog.text
    assert received.envelopes == []


def test_nothing_is_sent_where_there_is_no_target() -> None:
    """That is the default."""
    assert not send(TelemetrySettings(), points=POINTS)
