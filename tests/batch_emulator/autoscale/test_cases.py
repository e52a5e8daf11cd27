"""The cases in ``cases/*.json``, usable by any implementation: a formula and its result."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from azure_batch_emulator.autoscale import (
    Evaluation,
    EvaluationError,
    Formula,
    FormulaError,
    FormulaSyntaxError,
    SampleSeries,
    Surroundings,
)

CASES = Path(__file__).parent / "cases"
STAGES = {"syntax": FormulaSyntaxError, "evaluation": EvaluationError}


def cases() -> list[Any]:
    """Yield every case of every file."""
    return [
        pytest.param(case, id=f"{path.stem}: {case['id']}")
        for path in sorted(CASES.glob("*.json"))
        for case in json.loads(path.read_text(encoding="utf-8"))["cases"]
    ]


def a_series(spec: dict[str, Any]) -> SampleSeries:
    """Make a series of values 30 s apart; null leaves a gap."""
    last, values = datetime.fromisoformat(spec["last"]), spec["values"]
    moments = (last - timedelta(seconds=30 * back) for back in reversed(range(len(values))))
    return SampleSeries(
        (moment, value) for moment, value in zip(moments, values, strict=True) if value is not None
    )


def the_surroundings(case: dict[str, Any]) -> Surroundings:
    """Return the inputs that a case states for its formula."""
    return Surroundings(
        now=datetime.fromisoformat(case.get("now", "2026-03-04T10:00:00Z")),
        samples={name: a_series(spec) for name, spec in case.get("samples", {}).items()},
        numbers=case.get("numbers", {}),
        **case.get("present", {}),
    )


def outcome(case: dict[str, Any]) -> Evaluation | FormulaError:
    """Parse and evaluate a case's formula."""
    lines = case["formula"]
    text = lines if isinstance(lines, str) else "\n".join(lines)
    try:
        return Formula.parse(text).evaluate(the_surroundings(case))
    except FormulaError as error:
        return error


def values_in(results: str) -> dict[str, float]:
    """Extract the numbers from the results."""
    pairs = (pair.split("=", 1) for pair in results.split(";"))
    return {name: float(value) for name, value in pairs if value[:1] in "-0123456789" and ":" not in value}


@pytest.mark.parametrize("case", cases())
def test_case(case: dict[str, Any]) -> None:
    """A formula gives the result that its case expects."""
    expect, found = dict(case["expect"]), outcome(case)
    error, values = expect.pop("error", None), expect.pop("values", {})
    if error is not None:
        check_error(found, error)
        return
    assert isinstance(found, Evaluation), found
    assert {name: getattr(found, name) for name in expect} == expect
    every = values_in(found.results) if values else {}
    assert {name: every.get(name) for name in values} == pytest.approx(values, rel=1e-9)


def check_error(found: Evaluation | FormulaError, error: dict[str, Any]) -> None:
    """Check kind, code, place and text of an error."""
    assert type(found) is STAGES[error["stage"]], found
    assert (found.code, found.line, found.column) == (error["code"], error["line"], error["column"])
    assert error["detail"] in found.detail
