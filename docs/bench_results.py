"""Results of the benchmarks, from which tables are made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).resolve().parent.parent / "bench" / "results"


def results_of(bench: str) -> Any:
    """Read what a benchmark wrote last."""
    return json.loads((_FOLDER / f"{bench}.json").read_text())
