"""Sends a trace and metrics to every target, within a time, and never fails: the run comes first."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from threading import Thread, current_thread
from typing import TYPE_CHECKING

from airflow.sdk import BaseHook

from sensor_scoring.setting_values.telemetry_targets import targets_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.metrics.export import MetricsData
    from opentelemetry.sdk.trace import ReadableSpan

    from sensor_scoring.setting_groups import TelemetrySettings
    from sensor_scoring.setting_values.telemetry_targets import Target
    from sensor_scoring.telemetry.exporters import Exporters
    from sensor_scoring.telemetry.metrics import Point
    from sensor_scoring.telemetry.spans import Trace

log = logging.getLogger(__name__)

_SPANS_AT_ONCE = 500
"""Spans of one request: collectors and Application Insights refuse bodies of several megabytes."""
_TALKATIVE = (
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.exporter.otlp.proto.http.metric_exporter",
    "azure.monitor.opentelemetry.exporter.export._base",
    "azure.monitor.opentelemetry.exporter.export.trace._exporter",
    "azure.monitor.opentelemetry.exporter.export.metrics._exporter",
    "azure.core.pipeline.policies.http_logging_policy",
    "urllib3.connectionpool",
)
"""Loggers that say each try of an exporter; we say once what came of all."""


def send(settings: TelemetrySettings, *, points: Sequence[Point], trace: Trace | None = None) -> bool:
    """Send to every target of the settings; what a target does not take is logged, once.

    :param points: values of now
    :return: whether a target has taken everything
    """
    deliveries = [
        delivery
        for target in targets_of(settings.telemetry)
        if (delivery := _begun(target, settings, points, trace))
    ]
    deadline = time.monotonic() + settings.telemetry_seconds
    for delivery in deliveries:
        delivery.join(max(deadline - time.monotonic(), 0.0))
    for delivery in deliveries:
        if delivery.shortfall:
            log.warning("Telemetry did not reach %s: %s", delivery.target, delivery.shortfall)
    return any(not delivery.shortfall for delivery in deliveries)


def _begun(
    target: Target, settings: TelemetrySettings, points: Sequence[Point], trace: Trace | None
) -> _Delivery | None:
    from sensor_scoring.telemetry.exporters import exporters_of
    from sensor_scoring.telemetry.opentelemetry_data import sdk_metrics, sdk_spans

    try:
        conn = BaseHook.get_connection(target.conn_id)
        exporters = exporters_of(target.kind, conn, seconds=settings.telemetry_seconds)
        spans = sdk_spans(trace) if trace else []
        metrics = sdk_metrics(points, at=datetime.now(UTC))
    except Exception as error:  # noqa: BLE001  a run must not fail by what nobody waits for
        log.warning("Telemetry did not reach %s: %s", target, error)
        return None
    delivery = _Delivery(target, exporters, spans, metrics)
    delivery.start()
    return delivery


class _Delivery(Thread):
    """Everything for one target, on a thread that may be left behind.

    Names that do not resolve and hosts that do not answer can take longer than an exporter's time limit.
    """

    def __init__(
        self, target: Target, exporters: Exporters, spans: Sequence[ReadableSpan], metrics: MetricsData
    ) -> None:
        super().__init__(name=f"telemetry to {target}", daemon=True)
        self.target = target
        self.said: list[str] = []
        self._exporters = exporters
        self._spans = spans
        self._metrics = metrics
        self._is_taken = False

    @property
    def shortfall(self) -> str:
        """Why the target has not taken everything; empty if it has."""
        if self._is_taken:
            return ""
        if self.is_alive():
            return "it has not answered in time"
        # The first word names the cause, the last what became of the tries.
        said = dict.fromkeys((*self.said[:1], *self.said[-1:]))
        return "; ".join(said) or "it refused, and did not say why"

    def run(self) -> None:
        """Send."""
        try:
            self._is_taken = self._is_sent()
        except Exception as error:  # noqa: BLE001  of any exporter's making
            self.said.append(f"{type(error).__name__}: {error}")
        finally:
            self._exporters.close()

    def _is_sent(self) -> bool:
        starts = range(0, len(self._spans), _SPANS_AT_ONCE)
        results = (self._exporters.spans.export(self._spans[at : at + _SPANS_AT_ONCE]) for at in starts)
        return all(result.name == "SUCCESS" for result in results) and (
            self._exporters.metrics.export(self._metrics).name == "SUCCESS"
        )


class _Overhearing(logging.Filter):
    """Keeps what exporters say on our threads out of the log, and gives the last of it as the reason."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record goes to the log."""
        thread = current_thread()
        if not isinstance(thread, _Delivery):
            return True
        if record.levelno >= logging.WARNING:
            thread.said.append(" ".join(record.getMessage().split()))
        return False


_overhearing = _Overhearing()
for name in _TALKATIVE:
    logging.getLogger(name).addFilter(_overhearing)
