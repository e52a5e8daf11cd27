"""Our spans and points as values of the OpenTelemetry SDK. No provider: nothing is sampled or kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.sdk.metrics.export import (
    Gauge,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
)
from opentelemetry.sdk.metrics.export import Metric as SdkMetric
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Event as SdkEvent
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sensor_scoring.telemetry.metrics import Metric, Point
    from sensor_scoring.telemetry.spans import Span, Trace

_SERVICE = "sensor-scoring"
_NAMELESS = "unknown_service"
"""What the SDK calls a service that has no name."""
_SCOPE = InstrumentationScope("sensor_scoring")
_NANOSECONDS = 1_000
"""To a microsecond, the finest that ``datetime`` knows."""


def resource() -> Resource:
    """Return who sends: as ``OTEL_SERVICE_NAME`` and ``OTEL_RESOURCE_ATTRIBUTES`` say, if they do."""
    given = Resource.create()
    is_named = not str(given.attributes.get(SERVICE_NAME, "")).startswith(_NAMELESS)
    return given if is_named else given.merge(Resource({SERVICE_NAME: _SERVICE}))


def sdk_spans(trace: Trace) -> list[ReadableSpan]:
    """Return the spans of a trace."""
    by = resource()
    return [_span(trace.id, span, by) for span in trace.spans]


def sdk_metrics(points: Iterable[Point], *, at: datetime) -> MetricsData:
    """Return the values of metrics at a time."""
    nanoseconds = _nanoseconds(at)
    held: dict[Metric, list[NumberDataPoint]] = {}
    for point in points:
        attributes = {str(name): value for name, value in point.attributes.items()}
        held.setdefault(point.metric, []).append(
            NumberDataPoint(attributes, nanoseconds, nanoseconds, float(point.value))
        )
    metrics = [
        SdkMetric(metric.name, metric.what, metric.unit, Gauge(values)) for metric, values in held.items()
    ]
    return MetricsData([ResourceMetrics(resource(), [ScopeMetrics(_SCOPE, metrics, "")], "")])


def _span(trace: str, span: Span, by: Resource) -> ReadableSpan:
    # Made here and not by a tracer, which draws ids and reads clocks: ours are known, and long past.
    return ReadableSpan(
        span.name,
        context=_context(trace, span.id),
        parent=_context(trace, span.parent) if span.parent else None,
        resource=by,
        attributes=dict(span.attributes),
        events=[SdkEvent(each.name, dict(each.attributes), _nanoseconds(each.at)) for each in span.events],
        kind=SpanKind.SERVER if span.is_request else SpanKind.INTERNAL,
        status=Status(StatusCode.ERROR, span.failure) if span.failure else Status(StatusCode.OK),
        start_time=_nanoseconds(span.start),
        end_time=_nanoseconds(span.end),
        instrumentation_scope=_SCOPE,
    )


def _context(trace: str, span: str) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(int(trace, 16), int(span, 16), is_remote=False, trace_flags=flags)


def _nanoseconds(moment: datetime) -> int:
    # Not timestamp() * 1e9: a float of that size is off by up to a quarter of a microsecond.
    seconds = int(moment.replace(microsecond=0).timestamp())
    return (seconds * 1_000_000 + moment.microsecond) * _NANOSECONDS
