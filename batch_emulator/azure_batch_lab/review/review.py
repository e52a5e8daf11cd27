"""A whole formula under review: the language's own errors, then types and ranges, then the targets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale import Formula, FormulaSyntaxError
from azure_batch_emulator.autoscale.names import (
    DEALLOCATION_OPTION,
    TARGET_DEDICATED,
    TARGET_LOW_PRIORITY,
    WRITABLE,
)
from azure_batch_emulator.autoscale.samples import LAG
from azure_batch_emulator.autoscale.source import Source
from azure_batch_emulator.autoscale.values import Deallocation
from azure_batch_lab.review.advice import LATE, WHY
from azure_batch_lab.review.finding import Finding, Severity
from azure_batch_lab.review.inference import Inference
from azure_batch_lab.review.vocabulary import LARGEST
from azure_batch_lab.spans import span_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_batch_emulator.autoscale.tree import Script
    from azure_batch_lab.review.inference import Known

SHORTEST_INTERVAL = timedelta(minutes=5)
LONGEST_INTERVAL = timedelta(hours=168)
_TARGETS = (TARGET_DEDICATED, TARGET_LOW_PRIORITY)
_SPARING = {Deallocation.TASK_COMPLETION, Deallocation.RETAINED_DATA}
_CERTAINTIES = {"constant-condition", "unattainable-percentage"}
_WAITING, _RUNNING = "$ActiveTasks", {"$PendingTasks", "$RunningTasks"}
_SOME_SIZES = (1000.0, 100.0, 10.0, 1.0)
_NEAR, _MOST_LITERALS = range(-2, 3), 20


@dataclass(frozen=True, slots=True)
class Review:
    """What was found in a formula, in the order of the text."""

    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, text: str, *, interval: timedelta | None = None) -> Review:
        """Review a formula.

        :param interval: between two evaluations, if it is to be reviewed too
        """
        findings = [*_schedule(interval), *_text(text)]
        return cls(tuple(sorted(findings, key=_order)))

    @property
    def errors(self) -> tuple[Finding, ...]:
        """List what the service would not take."""
        return tuple(one for one in self.findings if one.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """List what a reviewer would ask about."""
        return tuple(one for one in self.findings if one.severity is Severity.WARNING)


def _order(finding: Finding) -> tuple[int, int, str]:
    place = finding.place
    return (place.line, place.column, finding.code) if place else (0, 0, finding.code)


def _schedule(interval: timedelta | None) -> Iterator[Finding]:
    if interval is not None and not SHORTEST_INTERVAL <= interval <= LONGEST_INTERVAL:
        message = f"an evaluation interval of {span_text(interval)} is not 5 minutes to 168 hours"
        yield Finding(Severity.ERROR, "interval", message, "the service refuses it", None)


def _text(text: str) -> Iterator[Finding]:
    try:
        formula = Formula.parse(text)
    except FormulaSyntaxError as error:
        yield Finding(
            Severity.ERROR, error.code, error.detail, "the service refuses the formula", error.place
        )
        return
    source, inference = Source(text), Inference()
    inference.run(formula.script)
    why = "the evaluation fails here, and the pool stays as it is"
    for at, detail in inference.remarks.errors:
        yield Finding(Severity.ERROR, "evaluation", detail, why, source.place(at))
    remarks = [
        *inference.remarks.warnings,
        *_when_late(formula.script, inference),
        *_outcome(formula.script, inference),
    ]
    for at, code, message in dict.fromkeys(remarks):
        yield Finding(Severity.WARNING, code, message, WHY[code], source.place(at))


def _when_late(script: Script, at_once: Inference) -> Iterator[tuple[int, str, str]]:
    """Look at the other end of the lag: what is certain there, and is not when samples come at once."""
    late = Inference(lag=LAG)
    late.run(script)
    certain = [(at, message) for at, code, message in late.remarks.warnings if code in _CERTAINTIES]
    known = [(at, message) for at, code, message in at_once.remarks.warnings if code in _CERTAINTIES]
    for at, message in [*certain, *late.remarks.errors]:
        if (at, message) not in [*known, *at_once.remarks.errors]:
            yield at, "late-samples", f"if samples come {LATE} late, {message}"


def _outcome(script: Script, inference: Inference) -> Iterator[tuple[int, str, str]]:
    """Look at what is left at the end: targets, option, and what nobody has read."""
    yield from ((at, "unreachable", "this is never carried out") for at in inference.unreachable[:1])
    targets = {name: known for name in _TARGETS if (known := inference.target(name)) is not None}
    if not targets:
        yield 0, "no-target", f"neither {TARGET_DEDICATED} nor {TARGET_LOW_PRIORITY} is set"
    for name, known in targets.items():
        yield from _target(name, known)
    falling = [
        name
        for name, known in targets.items()
        if known.fact.kinds and known.fact.constant is None and _may_fall(script, name, inference.literals)
    ]
    if falling:
        yield from _leaving(targets[falling[0]], falling[0], inference.target(DEALLOCATION_OPTION))
        yield from _what_runs(inference.counted)
    yield from _unread(inference)


def _target(name: str, known: Known) -> Iterator[tuple[int, str, str]]:
    if not known.fact.kinds:
        return  # an error has been told
    if known.fact.high > LARGEST:
        yield known.assignment.at, "no-upper-bound", f"{name} has no upper bound"
    if known.fact.fraction is not None:
        yield known.fact.fraction, "fractional-target", f"this makes {name} a fraction"


def _leaving(falling: Known, name: str, option: Known | None) -> Iterator[tuple[int, str, str]]:
    words = {Deallocation.REQUEUE} if option is None else option.fact.words
    if words - _SPARING:
        chosen = " or ".join(sorted(map(str, words - _SPARING)))
        at = falling.assignment.at if option is None else option.assignment.at
        yield at, "kills-tasks", f"{DEALLOCATION_OPTION} is {chosen}, and {name} can fall"


def _what_runs(counted: dict[str, int]) -> Iterator[tuple[int, str, str]]:
    if _WAITING in counted and not _RUNNING & counted.keys():
        message = f"{_WAITING} is read and not what runs, and the pool can shrink"
        yield counted[_WAITING], "active-only", message


def _may_fall(script: Script, name: str, literals: set[float]) -> bool:
    """Tell whether a pool of some size can be asked to shrink; it may depend on a number of the formula."""
    near = (math.floor(number) + offset for number in sorted(literals)[:_MOST_LITERALS] for offset in _NEAR)
    sizes = dict.fromkeys([*_SOME_SIZES, *(float(size) for size in near if 1 <= size <= LARGEST)])
    return any(_falls_from(nodes, script, name) for nodes in sizes)


def _falls_from(nodes: float, script: Script, name: str) -> bool:
    again = Inference(present=(nodes, nodes))
    again.run(script)
    then = again.target(name)
    return then is None or then.fact.low < nodes


def _unread(inference: Inference) -> Iterator[tuple[int, str, str]]:
    final = [inference.target(name) for name in (*_TARGETS, DEALLOCATION_OPTION)]
    counting = [known.assignment for known in final if known is not None]
    for assignment in inference.unread:
        if any(assignment is one for one in counting):
            continue
        reason = "is overridden" if assignment.name in WRITABLE else "is never read"
        yield assignment.at, "never-read", f"{assignment.name} {reason}"
