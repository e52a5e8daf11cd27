"""Tables of the page on Stream Analytics, from the cases that its tests run."""

from __future__ import annotations

import tomllib
from pathlib import Path

DOCS = Path(__file__).parents[1]
_LANGUAGE = "https://learn.microsoft.com/stream-analytics-query/"


def scenarios_table() -> str:
    """List the scenarios with their sources."""
    scenarios = tomllib.loads((DOCS / "stream_scenarios.toml").read_text(encoding="utf-8"))["scenario"]
    rows = [f"| [{one['name']}]({one['source']}) | {' '.join(one['why'].split())} |" for one in scenarios]
    return "\n".join(("| scenario | expected, and why |", "|---|---|", *rows))


def refusals_table() -> str:
    """List what is refused, with an example of its message."""
    refusals = tomllib.loads((DOCS / "stream_refusals.toml").read_text(encoding="utf-8"))["refusal"]
    rows = [f"| [{one['what']}]({_LANGUAGE}{one['page']}) | `{_example(one['query'])}` |" for one in refusals]
    return "\n".join(("| not run here | refused in, at ^ |", "|---|---|", *rows))


def _example(query: str) -> str:
    return " ".join(query.split()).replace("|", "\\|")
