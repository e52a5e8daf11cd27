"""The page on Stream Analytics says what is run."""

from __future__ import annotations

import re
from pathlib import Path

from ingest.stream_analytics.language.vocabulary import FUNCTIONS, KEYWORDS

PAGE = (Path(__file__).parents[3] / "docs" / "stream-analytics.md").read_text(encoding="utf-8")


def test_the_page_lists_the_functions() -> None:
    """All of them, and no other."""
    (listed,) = re.findall(r"Functions: (.*?)\. Windows", PAGE, re.DOTALL)
    assert re.findall(r"`(\w+)`", listed) == sorted(FUNCTIONS)


def test_the_page_lists_the_clauses() -> None:
    """Each of them is a word that a query may use."""
    (listed,) = re.findall(r"Clauses: (.*?)\. Inputs|Clauses: (.*?)\.\nInputs", PAGE, re.DOTALL)
    words = re.findall(r"\b[A-Z]{2,}(?: BY)?\b", " ".join(listed).replace("SELECT ... INTO", "SELECT INTO"))
    known = KEYWORDS | {"OVER", "PARTITION BY", "TIMESTAMP BY"}
    assert set(words) <= known
