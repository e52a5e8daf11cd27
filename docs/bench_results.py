"""Results of the benchmarks, from which tables are made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FOLDER = Path(__file__).resolve().parent.parent / "bench" / "results"


def results_of(bench: str) -> Any:
    """Read what a benchmark wrote last."""
    return json.loads((_FOLDER / f"{bench}.json").read_text())


def table_of(columns: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    """Write a table with a column for each fleet.

    :param rows: name of a figure to its value in each column
    """
    heading = "| | " + " | ".join(columns) + " |"
    lines = [f"| {name} | {' | '.join(values)} |" for name, values in rows.items()]
    return "\n".join((heading, "|---|" + "---|" * len(columns), *lines))
