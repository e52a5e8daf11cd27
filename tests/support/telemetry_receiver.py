"""A collector and an Application Insights on loopback that decode what they get, and refuse all else."""

from __future__ import annotations

import base64
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pytest

INSTRUMENTATION_KEY = "00000000-1111-2222-3333-444444444444"
_PROTOBUF = "application/x-protobuf"
_OTLP: dict[str, tuple[Any, Any, str]] = {
    "/v1/traces": (ExportTraceServiceRequest, ExportTraceServiceResponse, "spans"),
    "/v1/metrics": (ExportMetricsServiceRequest, ExportMetricsServiceResponse, "metrics"),
}


@dataclass
class Received:
    """What was received, decoded."""

    address: str = ""
    status: int = 200
    """What it answers."""
    answers: threading.Event = field(default_factory=threading.Event)
    """Until it is set, nothing is answered."""
    headers: list[dict[str, str]] = field(default_factory=list)
    spans: list[dict[str, Any]] = field(default_factory=list)
    """In the JSON form of OTLP, with ids in hexadecimal digits and attributes by name."""
    metrics: list[dict[str, Any]] = field(default_factory=list)
    """Likewise."""
    resources: list[dict[str, Any]] = field(default_factory=list)
    """Attributes of who sent, one for each request of OTLP."""
    envelopes: list[dict[str, Any]] = field(default_factory=list)
    """Of Application Insights."""

    @property
    def settings(self) -> dict[str, str]:
        """Environment variables with which everything is sent here, both ways."""
        secret = f"InstrumentationKey={INSTRUMENTATION_KEY};IngestionEndpoint={self.address}/"
        collector = {"conn_type": "http", "host": self.address, "extra": {"headers": {"api-key": "received"}}}
        return {
            "SENSOR_SCORING_TELEMETRY": "otlp application-insights",
            "AIRFLOW_CONN_OTLP_DEFAULT": json.dumps(collector),
            "AIRFLOW_CONN_APPLICATION_INSIGHTS_DEFAULT": json.dumps(
                {"conn_type": "generic", "password": secret}
            ),
        }

    def values(self) -> dict[tuple[str, ...], float]:
        """Return the values of metrics by name and attributes' values, of the last of each."""
        return {
            (metric["name"], *point["attributes"].values()): point["asDouble"]
            for metric in self.metrics
            for point in metric["gauge"]["dataPoints"]
        }

    def to_json(self) -> str:
        """Return all of it, a line for each span, metric and envelope."""
        parts = {"spans": self.spans, "metrics": self.metrics, "envelopes": self.envelopes}
        lists = (
            f'  "{name}": [\n    ' + ",\n    ".join(map(json.dumps, items)) + "\n  ]"
            for name, items in parts.items()
        )
        return "{\n" + ",\n".join(lists) + "\n}\n"

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """Return the data of the envelopes of a type."""
        return [each["data"]["baseData"] for each in self.envelopes if each["data"]["baseType"] == kind]

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[str, bytes]:
        """Decode a request; return type and body of the answer."""
        self.headers.append(dict(headers))
        if path in _OTLP:
            return self._take_otlp(path, headers["content-type"], body)
        return self._take_envelopes(path, headers["content-type"], body)

    def _take_otlp(self, path: str, kind: str, body: bytes) -> tuple[str, bytes]:
        request, response, what = _OTLP[path]
        if kind != _PROTOBUF:
            raise ValueError(kind)
        for resource in MessageToDict(request.FromString(body))[f"resource{what.title()}"]:
            self.resources.append(_attributes(resource["resource"]))
            for scope in resource[f"scope{what.title()}"]:
                getattr(self, what).extend(map(_readable, scope[what]))
        return _PROTOBUF, response().SerializeToString()

    def _take_envelopes(self, path: str, kind: str, body: bytes) -> tuple[str, bytes]:
        if (path, kind) != ("/v2.1/track", "application/json"):
            raise ValueError(path, kind)
        items = json.loads(body)
        if any(item["iKey"] != INSTRUMENTATION_KEY for item in items):
            raise ValueError(items)
        self.envelopes += items
        taken = {"itemsReceived": len(items), "itemsAccepted": len(items), "errors": []}
        return "application/json", json.dumps(taken).encode()


def _readable(message: dict[str, Any]) -> dict[str, Any]:
    """Return a span or a metric with its attributes by name, and its ids as people write them."""
    found = {**message}
    for name in ("traceId", "spanId", "parentSpanId"):
        if name in found:
            found[name] = _hex(found[name])
    if "gauge" in found:
        points = [{**point, "attributes": _attributes(point)} for point in found["gauge"]["dataPoints"]]
        return {**found, "gauge": {"dataPoints": points}}
    events = [{**event, "attributes": _attributes(event)} for event in found.get("events", [])]
    return {**found, "attributes": _attributes(found), "events": events}


def _attributes(of: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in of.get("attributes", [])}


def _hex(text: str) -> str:
    return base64.b64decode(text).hex()


@contextmanager
def receiving() -> Iterator[Received]:
    """Receive while the block runs."""
    received = Received()
    received.answers.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received.answers.wait()
            try:
                kind, said = received.take(self.path, headers, body)
                status = received.status
            except (KeyError, ValueError) as error:
                kind, said, status = "text/plain", repr(error).encode(), 400
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(said)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    received.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread.start()
    try:
        yield received
    finally:
        received.answers.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def connected(monkeypatch: pytest.MonkeyPatch) -> Iterator[Received]:
    """Receive, with the default connections of this process pointing here."""
    with receiving() as received:
        for name, value in received.settings.items():
            monkeypatch.setenv(name, value)
        yield received
