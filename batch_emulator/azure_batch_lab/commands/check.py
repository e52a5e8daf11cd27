"""``check``: a formula under review, before a pool meets it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from azure_batch_lab.errors import BadInput
from azure_batch_lab.review import Review
from azure_batch_lab.spans import parse_span
from azure_batch_lab.texts import read

if TYPE_CHECKING:
    import argparse

_DOUBTFUL, _WRONG = 1, 2


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("check", help="review a formula: errors and warnings, with reasons")
    parser.add_argument("formula", nargs="?", metavar="FILE", help="the formula; - is standard input")
    parser.add_argument("--text", metavar="FORMULA", help="the formula itself, instead of a file")
    parser.add_argument("--interval", metavar="SPAN", help="evaluation interval, such as 5m")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if there are warnings")
    parser.add_argument("--json", action="store_true", help="print findings for programs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Review, and print what was found.

    :raises BadInput: if the formula is given twice or not at all, or cannot be read
    """
    if (options.formula is None) == (options.text is None):
        raise BadInput("either a file or --text names the formula")
    text = read(options.formula) if options.text is None else options.text
    interval = parse_span(options.interval) if options.interval else None
    review = Review.of(text, interval=interval)
    if options.json:
        document = {
            "errors": len(review.errors),
            "warnings": len(review.warnings),
            "findings": [finding.facts for finding in review.findings],
        }
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        name = "formula" if options.formula in {None, "-"} else options.formula
        sys.stdout.writelines(finding.shown(name) for finding in review.findings)
    if review.errors:
        return _WRONG
    return _DOUBTFUL if review.warnings and options.strict else 0
