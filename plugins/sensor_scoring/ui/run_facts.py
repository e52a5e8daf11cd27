"""Facts about a run for a person, read from its summary. Pure."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from scoring_contract.sensor_names import display_of
from sensor_scoring.hourly.outcome.summary import Outcome
from sensor_scoring.hourly.outcome.verdict import step_sentences
from sensor_scoring.ui.markup import Tone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor_scoring.hourly.outcome.summary import SensorOutcome, Summary

COLUMNS = ("Sensor", "Outcome", "Readings", "Anomalies", "Rejected", "Seconds", "Why")
MOST_SENSORS = 1000
"""Sensors on a page; a browser renders that many at once."""

_FIRST = (Outcome.FAILED, Outcome.UNMODELLED, Outcome.SILENT, Outcome.SCORED)
_TONES = {"green": Tone.GOOD, "red": Tone.BAD}


def badge_of_run(summary: Summary) -> tuple[str, Tone]:
    """Return the run in one word."""
    return summary.colour or "unknown", _TONES.get(summary.colour, Tone.PLAIN)


def facts_of_run(summary: Summary) -> Iterator[tuple[str, str]]:
    """Return names and values of the run; a value that is absent is empty."""
    yield "Sensors", ", ".join(f"{count} {outcome}" for outcome, count in summary.counts().items() if count)
    totals = summary.totals()
    yield "Readings", f"{totals['readings']:.0f}, {totals['rejected']:.0f} rows rejected"
    yield "Anomalies", f"{totals['anomalies']:.0f}"
    yield "Scoring", f"{totals['seconds']:.1f} s"
    yield "Node-hours", _node_hours(summary)
    yield "Failed steps", "\n".join(step_sentences(summary.failed_steps))
    yield "Pool", "\n".join(summary.pool_trouble)
    yield "Not expected", ", ".join(summary.stray)
    yield "Unknown packs", ", ".join(summary.unknown_packs)
    yield "Unclaimed", _unclaimed(summary)


def rows_of(summary: Summary) -> Iterator[tuple[str, ...]]:
    """Return a row for each sensor, those first that a person must see; no more than fit a page."""
    lines = sorted(
        summary.sensors, key=lambda line: (_FIRST.index(line.outcome), -line.anomalies, line.sensor)
    )
    return (_row(line) for line in islice(lines, MOST_SENSORS))


def _row(line: SensorOutcome) -> tuple[str, ...]:
    counts = (str(line.readings), str(line.anomalies), str(line.rejected), f"{line.seconds:.3f}")
    noticed = ", ".join(f"{count} {what}" for what, count in line.noticed.items())
    return (
        display_of(line.sensor),
        line.outcome.value,
        *counts,
        "; ".join(filter(None, (line.reason, noticed))),
    )


def _node_hours(summary: Summary) -> str:
    """Return what the run used of the pool, with the cost if there is a price; empty if it used nothing."""
    use = summary.pool
    if use is None or not use.seconds:
        return ""
    kinds = ((use.node_hours, "dedicated"), (use.spot_node_hours, "Spot"))
    hours = ", ".join(f"{amount:.2f} {kind}" for amount, kind in kinds if amount)
    nodes = f"{hours} on {use.nodes} node{'' if use.nodes == 1 else 's'}"
    return nodes if use.cost is None else f"{nodes}, cost {use.cost:.2f}"


def _unclaimed(summary: Summary) -> str:
    named = ", ".join(summary.unclaimed_named)
    return f"{summary.unclaimed} blobs of readings in no sensor's folder, among them {named}" if named else ""
