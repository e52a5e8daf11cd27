"""Names of row issues, and the page that explains them."""

from __future__ import annotations

import re
from pathlib import Path

from scorer.readings.issues import RowIssue
from scorer.readings.parquet_file import MOST_ROWS

PAGE = (Path(__file__).parents[3] / "docs" / "readings.md").read_text()


def test_the_page_says_of_every_note_what_becomes_of_the_row() -> None:
    """The words of a report are in docs/readings.md, each with what happens to the row."""
    outcomes = re.findall(r"^\| ([^|]+) \| (left out|scored) \|", PAGE, re.MULTILINE)
    assert outcomes == [(str(issue), "left out" if issue.is_left_out else "scored") for issue in RowIssue]


def test_the_page_knows_the_limit() -> None:
    """The page states the row limit that the code enforces."""
    assert f"{MOST_ROWS:,} rows" in PAGE
