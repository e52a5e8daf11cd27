"""``eval``: a formula on given samples, with the steps to its answer if they are wanted."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale import Formula, FormulaSyntaxError
from azure_batch_emulator.autoscale.samples import LAG
from azure_batch_emulator.autoscale.times import Timestamp
from azure_batch_emulator.moments import parse_moment
from azure_batch_lab.errors import BadInput
from azure_batch_lab.sample_file import SampleFile
from azure_batch_lab.spans import parse_lag, span_text
from azure_batch_lab.texts import read

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator
    from datetime import timedelta

    from azure_batch_emulator.autoscale import Step

_FAILED = 1


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("eval", help="evaluate a formula on given samples")
    parser.add_argument("formula", metavar="FILE", help="the formula; - is standard input")
    parser.add_argument("--samples", metavar="FILE", help="CSV or JSON of variable, time, value")
    parser.add_argument(
        "--at", metavar="TIME", help="the moment, RFC 3339 (default: when the newest sample is visible)"
    )
    parser.add_argument(
        "--sample-lag",
        default=span_text(LAG),
        metavar="SPAN",
        help="how late samples are seen (default %(default)s)",
    )
    parser.add_argument("--explain", action="store_true", help="print every expression with its value")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Evaluate, and print the result string or what is wrong.

    :raises BadInput: if a file, the moment or the formula cannot be read
    """
    file, lag = (
        SampleFile.parse(read(options.samples) if options.samples else ""),
        parse_lag(options.sample_lag),
    )
    text = read(options.formula)
    try:
        formula = Formula.parse(text)
    except FormulaSyntaxError as error:
        raise BadInput(str(error)) from None
    now = _moment(options.at, file, lag)
    explanation = formula.explain(file.surroundings(now, lag=lag))
    if options.explain:
        sys.stdout.write(f"at {Timestamp.of(now)}, samples are seen {span_text(lag)} late\n")
        sys.stdout.writelines(f"{line}\n" for line in lines(explanation.steps))
    for text in dict.fromkeys(_without_samples(explanation.steps)):
        sys.stderr.write(f"note: there is no sample in {text}\n")
    if explanation.evaluation is None:
        sys.stdout.write(f"{explanation.error}\n")
        return _FAILED
    sys.stdout.write(f"{explanation.evaluation.results}\n")
    return 0


def lines(steps: Iterable[Step], depth: int = 0) -> Iterator[str]:
    """Write steps, those that one is made of indented below it."""
    for step in steps:
        arrow = "  ->  " if " = " in step.text else " = "
        yield "    " * depth + (f"{step.text} ..." if step.value is None else step.text + arrow + step.value)
        yield from lines(step.parts, depth + 1)


def _without_samples(steps: Iterable[Step]) -> Iterator[str]:
    for step in steps:
        if step.value == "[]" and ".GetSample(" in step.text and " = " not in step.text:
            yield step.text
        yield from _without_samples(step.parts)


def _moment(text: str | None, file: SampleFile, lag: timedelta) -> datetime:
    if text is None:
        return file.earliest_complete(lag) or datetime.now(UTC)
    try:
        return parse_moment(text)
    except (ValueError, OverflowError):
        raise BadInput(f"--at: {text!r} is not a moment such as 2026-03-04T10:00:00Z") from None
