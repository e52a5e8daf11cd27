"""Receives the spans that Airflow exports with OpenTelemetry's protocol over HTTP, and aggregates them."""

from __future__ import annotations

import statistics
import threading
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DETAIL = {"airflow/task_span_detail_level": "2"}
"""Configuration of a run whose task instances export a span for each of their steps."""


@dataclass(frozen=True, slots=True)
class Span:
    """A step of a process."""

    trace: bytes
    id: bytes
    parent: bytes
    name: str
    milliseconds: float


class Receiver:
    """Stores every received span."""

    def __init__(self, address: str) -> None:
        self.spans: list[Span] = []
        self.settings: Mapping[str, str] = {
            "AIRFLOW__TRACES__OTEL_ON": "True",
            "OTEL_TRACES_EXPORTER": "otlp_proto_http",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{address}/v1/traces",
        }
        """Settings with which Airflow sends its spans here."""

    def take(self, body: bytes) -> None:
        """Store the spans of one request."""
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans += [
                    Span(
                        each.trace_id,
                        each.span_id,
                        each.parent_span_id,
                        each.name,
                        (each.end_time_unix_nano - each.start_time_unix_nano) / 1e6,
                    )
                    for each in scope.spans
                ]

    def below(self, root: str) -> dict[str, list[float]]:
        """Return the milliseconds of the steps below spans with this name prefix, by name.

        The time of a step excludes its substeps.
        """
        children: defaultdict[bytes, list[Span]] = defaultdict(list)
        for span in self.spans:
            children[span.parent].append(span)
        found: defaultdict[str, list[float]] = defaultdict(list)
        waiting = [span for span in self.spans if span.name.startswith(root)]
        while waiting:
            span = waiting.pop()
            own = span.milliseconds - sum(child.milliseconds for child in children[span.id])
            found[root if span.name.startswith(root) else span.name].append(own)
            waiting += children[span.id]
        return found


@contextmanager
def received() -> Iterator[Receiver]:
    """Receive spans on loopback while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


def medians(steps: Mapping[str, list[float]], *, instances: int) -> dict[str, float]:
    """Return the time of each step per instance: its median, times its number per instance."""
    return {
        name: round(statistics.median(taken) * len(taken) / instances, 1)
        for name, taken in sorted(steps.items(), key=lambda step: -sum(step[1]))
    }
