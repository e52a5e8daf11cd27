"""What a person wants to know of a Batch task, as names and values. Pure.

Environment settings are never among them: they hold signatures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensor_scoring.outcome import BatchTaskOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def facts_of(task: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Read a Batch task as the service describes it."""
    outcome, execution = BatchTaskOutcome.of(task), task.get("executionInfo") or {}
    container = execution.get("containerInfo") or {}
    yield "Item", _text(task.get("displayName"))
    yield "State", outcome.state
    yield "Result", f"{outcome.result}: {outcome.describe()}" if outcome.is_ended else ""
    yield "Exit code", _text(outcome.exit_code)
    yield "Created", _text(task.get("creationTime"))
    yield "Started", _text(execution.get("startTime"))
    yield "Ended", _text(execution.get("endTime"))
    yield "Node", _text((task.get("nodeInfo") or {}).get("nodeId"))
    yield "Requeued", _text(execution.get("requeueCount") or "")
    yield "Container", _text(container.get("containerId"))
    yield "Image", _text((task.get("containerSettings") or {}).get("imageName"))
    yield "Command", _text(task.get("commandLine"))


def _text(value: object) -> str:
    return "" if value is None else str(value)
