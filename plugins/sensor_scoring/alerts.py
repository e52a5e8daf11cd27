"""What a person is told about a run: one message, or none. Pure; who carries it is ``notifiers.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensor_scoring.summary import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensor_scoring.summary import SensorOutcome, Summary

REPAIR = (
    "To repair: open the run, then the task 'score', and clear its failed instances with Downstream ticked; "
    "without it the summary and the verdict stay as they are."
)
"""What a person must do when sensors failed; ``docs/runbook.md`` shows it."""
_NAMED = 20


def message_for(summary: Summary) -> str:
    """Write the alert of a run; empty when all is well."""
    failed, silent = summary.having(Outcome.FAILED), summary.having(Outcome.SILENT)
    unmodelled = summary.having(Outcome.UNMODELLED)
    if not (failed or silent or unmodelled or summary.failed_steps or summary.unknown_packs):
        return ""
    lines = [f"Sensor scoring of {summary.hour}: {_headline(summary)}"]
    if summary.failed_steps:
        lines.append(f"Steps that failed: {', '.join(summary.failed_steps)}")
    lines += _named("Failed", failed)
    lines += _listed("Silent (no readings)", silent)
    lines += _listed("No model yet", unmodelled)
    if summary.unknown_packs:
        lines.append(f"Packs with readings and no sensor in the registry: {', '.join(summary.unknown_packs)}")
    lines.append(f"Run: {summary.dag_run_id}; logs and reports: {summary.run}/")
    if failed:
        lines.append(REPAIR)
    return "\n".join(lines)


def _headline(summary: Summary) -> str:
    counts = summary.counts()
    return (
        ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count) or "nothing was scored"
    )


def _named(title: str, sensors: tuple[SensorOutcome, ...]) -> Iterable[str]:
    yield from (f"{title}: {sensor.sensor}: {sensor.reason}" for sensor in sensors[:_NAMED])
    if len(sensors) > _NAMED:
        yield f"{title}: and {len(sensors) - _NAMED} more, see the summary"


def _listed(title: str, sensors: tuple[SensorOutcome, ...]) -> Iterable[str]:
    if sensors:
        names = ", ".join(sensor.sensor for sensor in sensors[:_NAMED])
        more = f" and {len(sensors) - _NAMED} more" if len(sensors) > _NAMED else ""
        yield f"{title}: {names}{more}"
