"""Findings as text for people and as JSON for pipelines. Pure."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from sensor_scoring.preflight.finding import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH = 20
_VERDICT_WIDTH = 8


def line_of(finding: Finding) -> str:
    """Return a finding as a line, its remedy on the next."""
    line = f"{finding.verdict:<{_VERDICT_WIDTH}} {finding.check:<{_WIDTH}} {finding.sentence}"
    if finding.remedy and finding.verdict is not Verdict.SKIPPED:
        indent = " " * (_VERDICT_WIDTH + _WIDTH + 2)
        line += f"\n{indent}-> {finding.remedy}"
    return line


def verdict_over(findings: Sequence[Finding]) -> str:
    """Say what all findings come to."""
    counts = Counter(finding.verdict for finding in findings)
    if counts[Verdict.MISSING]:
        first = next(finding.check for finding in findings if finding.verdict is Verdict.MISSING)
        things = "thing is" if counts[Verdict.MISSING] == 1 else "things are"
        return f"{counts[Verdict.MISSING]} {things} missing; begin with {first}"
    untried = [finding.check for finding in findings if finding.verdict is Verdict.SKIPPED]
    said = "Nothing is missing"
    if counts[Verdict.WARNING]:
        warnings = "warning" if counts[Verdict.WARNING] == 1 else "warnings"
        said += f", with {counts[Verdict.WARNING]} {warnings}"
    return f"{said}; not tried: {', '.join(untried)}" if untried else said


def as_json(findings: Sequence[Finding]) -> str:
    """Return all findings as one JSON object."""
    return json.dumps(
        {
            "is_ready": not any(finding.verdict is Verdict.MISSING for finding in findings),
            "findings": [finding.to_json() for finding in findings],
        },
        indent=2,
    )
