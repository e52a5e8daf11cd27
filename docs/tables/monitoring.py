"""Parts of the page about monitoring: the metrics, and a run as its trace tells of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensor_scoring.telemetry.metrics import MEANINGS, METRICS, Attribute

if TYPE_CHECKING:
    from collections.abc import Iterator

_CAPTURE = Path(__file__).resolve().parents[1] / "monitored_hour.json"
_BAR = 24
"""Characters of the whole run."""
_NAME = 24
"""Characters of a span's name."""
_COMMON = (Attribute.POOL, Attribute.RUN_TYPE)


def metrics_table() -> str:
    """Return a row for each metric."""
    rows = [
        f"| `{metric.name}` | {metric.unit} "
        f"| {', '.join(f'`{each}`' for each in metric.attributes if each not in _COMMON)} | {metric.what} |"
        for metric in METRICS
    ]
    return "\n".join(("| metric | unit | told apart by | what it is |", "|---|---|---|---|", *rows))


def attributes_table() -> str:
    """Return a row for each attribute of metrics."""
    rows = [f"| `{name}` | {what} |" for name, what in MEANINGS.items()]
    return "\n".join(("| attribute | values |", "|---|---|", *rows))


@dataclass(frozen=True, slots=True)
class _Row:
    """A span of the captured trace."""

    span: dict[str, Any]
    depth: int
    is_hidden: bool

    def seconds(self, name: str) -> float:
        """Return the time of its start or end."""
        return int(self.span[f"{name}TimeUnixNano"]) / 1e9


def trace_text() -> str:
    """Return a line for each span of the captured run, with a bar for its time.

    Of the Batch tasks that did well, the first alone has its parts.
    """
    spans = json.loads(_CAPTURE.read_text())["spans"]
    rows = [row for row in _below("", spans, 0) if not row.is_hidden]
    begin, end = rows[0].seconds("start"), rows[0].seconds("end")
    heading = f"{'span':<{_NAME}}{'begins':>10}{'lasts':>10}"
    return "\n".join(("```text", heading, *(_line(row, begin, end) for row in rows), "```"))


def _below(
    parent: str, spans: list[dict[str, Any]], depth: int, *, is_hidden: bool = False
) -> Iterator[_Row]:
    parts = [span for span in spans if span.get("parentSpanId", "") == parent]
    good = 0
    for span in sorted(parts, key=lambda span: int(span["startTimeUnixNano"])):
        yield _Row(span, depth, is_hidden)
        is_good_task = span["name"] == "Batch task" and not span["status"].get("message")
        good += is_good_task
        hides = is_hidden or (is_good_task and good > 1)
        yield from _below(span["spanId"], spans, depth + 1, is_hidden=hides)


def _line(row: _Row, begin: float, end: float) -> str:
    start, until = row.seconds("start"), row.seconds("end")
    scale = _BAR / (end - begin)
    blank = min(round((start - begin) * scale), _BAR - 1)
    filled = max(round((until - begin) * scale) - blank, 1)
    bar = "·" * blank + "█" * filled + "·" * (_BAR - blank - filled)
    group = row.span["attributes"].get("sensor_scoring.group", "")
    name = f"{'  ' * row.depth}{row.span['name']} {group}"
    return f"{name:<{_NAME}}{start - begin:>8.3f} s{until - start:>8.3f} s  {bar}{_failure(row.span)}"


def _failure(span: dict[str, Any]) -> str:
    """Return why a span failed, and which of its sensors did."""
    reasons = [
        f"{event['attributes']['sensor_scoring.sensor']}: {event['attributes']['sensor_scoring.reason']}"
        for event in span["events"]
    ]
    said = "; ".join(filter(None, (span["status"].get("message", ""), *reasons)))
    return f"  failed: {said}" if said else ""
