"""Facts about a Batch task for a person, read from the service's answer. Pure.

Environment settings and output files are not asked for and not read: they hold signatures.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scoring_contract.messages.invocation import PROGRAM, ExitCode
from sensor_scoring.azure_batch.task_state import BatchTaskOutcome, exit_sentence
from sensor_scoring.service_times import datetime_of
from sensor_scoring.ui.markup import Tone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime, timedelta

SELECTED = (
    "id", "displayName", "state", "creationTime", "commandLine",
    "executionInfo", "nodeInfo", "containerSettings",
)  # fmt: skip
"""Properties that are read here; ask for no more."""

_SCORER_MEANINGS = {
    ExitCode.SUCCESS: "every sensor was scored or had no readings",
    ExitCode.UNEXPECTED: "an internal error of the scorer; the traceback is in stderr.txt",
    ExitCode.ORDER: "a bad command line, environment or manifest",
    ExitCode.MODEL: "a model that cannot be used",
    ExitCode.DATA: "readings that cannot be scored",
    ExitCode.STORAGE: "Blob Storage refused or did not answer",
    ExitCode.PARTLY_FAILED: "some sensors failed; the report names them",
}
_SIGNED = re.compile(r"\?[^\s'\"]*\bsig=[^\s'\"]*", re.IGNORECASE)


def item_of(task: Mapping[str, Any]) -> str:
    """Return what the Batch task is about."""
    return str(task.get("displayName") or "")


def is_scoring(task: Mapping[str, Any]) -> bool:
    """Whether the Batch task runs the scorer: then there are predictions, and exit codes say why."""
    return str(task.get("commandLine") or "").startswith(" ".join(PROGRAM))


def badge_of(task: Mapping[str, Any]) -> tuple[str, Tone]:
    """Return the one word that says how the Batch task is doing."""
    outcome = BatchTaskOutcome.of(task)
    if outcome.is_ended:
        return ("succeeded", Tone.GOOD) if outcome.is_success else ("failed", Tone.BAD)
    return outcome.state or "unknown", Tone.LIVE if outcome.state == "running" else Tone.PLAIN


def facts_of(task: Mapping[str, Any], *, now: datetime) -> Iterator[tuple[str, str]]:
    """Return names and values; a value that is not known is empty.

    :param now: to say for how long the Batch task has waited or run so far
    """
    outcome = BatchTaskOutcome.of(task)
    execution: Mapping[str, Any] = task.get("executionInfo") or {}
    node: Mapping[str, Any] = task.get("nodeInfo") or {}
    yield "State", outcome.state
    yield "Result", outcome.result
    yield "Why", outcome.describe() if outcome.is_ended and not outcome.is_success else ""
    yield "Exit code", _exit_code(task, outcome.exit_code)
    yield "Failure", _failure(execution.get("failureInfo") or {})
    yield from _times(task, execution, now)
    yield "Node", _node(node)
    yield "Requeued", _times_over(execution, "requeueCount", "lastRequeueTime")
    yield "Retried by Batch", _times_over(execution, "retryCount", "lastRetryTime")
    yield "Image", str((task.get("containerSettings") or {}).get("imageName") or "")
    yield "Command line", unsigned(str(task.get("commandLine") or ""))


def unsigned(text: str) -> str:
    """Leave out the signatures of URLs, which a text may carry against the rules or through the service."""
    return _SIGNED.sub("?(signature left out)", text)


def _exit_code(task: Mapping[str, Any], exit_code: int | None) -> str:
    if exit_code is None:
        return ""
    if is_scoring(task) and exit_code in _SCORER_MEANINGS:
        return f"{exit_code}: {_SCORER_MEANINGS[ExitCode(exit_code)]}"
    sentence = exit_sentence(exit_code)
    return f"{exit_code}: the process {sentence}" if "killed" in sentence else str(exit_code)


def _failure(failure: Mapping[str, Any]) -> str:
    if not failure:
        return ""
    heading = f"{failure.get('code') or 'unknown'} ({failure.get('category') or 'unknown'})"
    details = [f"{detail.get('name')}: {detail.get('value')}" for detail in failure.get("details") or ()]
    return unsigned("\n".join(filter(None, (heading, failure.get("message"), *details))))


def _times(task: Mapping[str, Any], execution: Mapping[str, Any], now: datetime) -> Iterator[tuple[str, str]]:
    created = datetime_of(task.get("creationTime"))
    started, ended = datetime_of(execution.get("startTime")), datetime_of(execution.get("endTime"))
    yield "Created", _shown(created)
    # One that was ended before it ran has an end and no start.
    yield "Waited", _between(created, started or ended or now)
    yield "Started", _shown(started)
    yield "Ended", _shown(ended)
    yield "Ran", _between(started, ended or now)


def _times_over(execution: Mapping[str, Any], count: str, last: str) -> str:
    number = int(execution.get(count) or 0)
    moment = _shown(datetime_of(execution.get(last)))
    return f"{number}, last at {moment}" if number and moment else str(number or "")


def _node(node: Mapping[str, Any]) -> str:
    return f"{node['nodeId']} in pool {node.get('poolId') or 'unknown'}" if node.get("nodeId") else ""


def _shown(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else ""


def _between(start: datetime | None, end: datetime) -> str:
    return duration(end - start) if start else ""


def duration(span: timedelta) -> str:
    """Write a span for people: its two largest units."""
    seconds = max(0.0, span.total_seconds())
    if seconds < 60:  # noqa: PLR2004  a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
