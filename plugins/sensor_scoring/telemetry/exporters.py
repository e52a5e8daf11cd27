"""The official exporters, made from Airflow's connections. None keeps for later what it could not send."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

from sensor_scoring.errors import SettingsError
from sensor_scoring.setting_values.telemetry_targets import TargetKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import Connection
    from opentelemetry.sdk.metrics.export import MetricExporter
    from opentelemetry.sdk.trace.export import SpanExporter

_QUIET = {
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
    "APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED": "true",
}
"""What the exporter of Application Insights would tell of itself, on threads of its own."""


@dataclass(frozen=True, slots=True)
class Exporters:
    """The exporters of one target."""

    spans: SpanExporter
    metrics: MetricExporter
    close: Callable[[], None]
    """Closes their connections."""


def exporters_of(kind: TargetKind, conn: Connection, *, seconds: float) -> Exporters:
    """Return the exporters of a kind of target.

    :param conn: where it is, and what lets us in
    :param seconds: how long one of them may try
    :raises SettingsError: if the connection does not say where, or the exporter is not installed
    """
    return _MAKERS[kind](conn, seconds)


def _otlp(conn: Connection, seconds: float) -> Exporters:
    host = conn.host or ""
    if not host.startswith(("http://", "https://")):
        raise SettingsError(
            f"the connection {conn.conn_id} has the host {host!r}; it must be the collector's address for "
            "OTLP over HTTP, like http://collector:4318"
        )
    base = host.rstrip("/") + (f":{conn.port}" if conn.port else "")
    headers = {str(name): str(value) for name, value in (conn.extra_dejson.get("headers") or {}).items()}
    spans: SpanExporter = OTLPSpanExporter(f"{base}/v1/traces", headers=headers, timeout=seconds)
    metrics = OTLPMetricExporter(f"{base}/v1/metrics", headers=headers, timeout=seconds)

    def close() -> None:
        spans.shutdown()
        metrics.shutdown()

    return Exporters(spans, metrics, close)


def _application_insights(conn: Connection, seconds: float) -> Exporters:
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        from azure.monitor.opentelemetry.exporter import (  # noqa: PLC0415  an extra, and a second to import
            AzureMonitorMetricExporter,
            AzureMonitorTraceExporter,
        )
    except ImportError as error:
        raise SettingsError(
            "application-insights needs azure-monitor-opentelemetry-exporter: install "
            "requirements-application-insights.txt into Airflow's environment"
        ) from error
    if not conn.password:
        raise SettingsError(
            f"the connection {conn.conn_id} has no password; it must be the connection string of "
            "Application Insights, InstrumentationKey=...;IngestionEndpoint=..."
        )
    # Nothing is kept on disk for later: a worker's disk may be gone by then, and a repeat would count twice.
    options = {"connection_string": conn.password, "disable_offline_storage": True}
    limits = {"timeout": seconds, "read_timeout": seconds, "retry_total": 2}
    spans = AzureMonitorTraceExporter(**options, **limits)
    metrics = AzureMonitorMetricExporter(**options, **limits)

    def close() -> None:
        # Their own shutdown closes what they keep on disk, and no connection.
        spans.client.close()
        metrics.client.close()

    return Exporters(spans, metrics, close)


_MAKERS = {TargetKind.OTLP: _otlp, TargetKind.APPLICATION_INSIGHTS: _application_insights}
