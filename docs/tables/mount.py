"""Table of what mounts save."""

from __future__ import annotations

from typing import Any

from bench_results import results_of, table_of


def mounts_table() -> str:
    """Return requests and CPU of an hour, over HTTP and from mounted folders."""
    found = results_of("mounts")
    cells = list(found.values())
    rows = {
        "Batch tasks": [f"{cell['tasks']:,}" for cell in cells],
        "requests for readings over HTTP": [_an_hour(cell, "data") for cell in cells],
        "requests for models over HTTP": [_an_hour(cell, "models") for cell in cells],
        "requests for manifests, reports and predictions, either way": [
            _an_hour(cell, "results") for cell in cells
        ],
        "CPU ms of a Batch task over HTTP": [f"{cell['cpu ms per task']['http']:,.0f}" for cell in cells],
        "CPU ms of a Batch task from folders": [
            f"{cell['cpu ms per task']['mounts']:,.0f}" for cell in cells
        ],
        "CPU ms saved by a Batch task: median and quartiles": [_saved(cell) for cell in cells],
    }
    return table_of([f"{int(sensors):,} sensors" for sensors in found], rows)


def _an_hour(cell: dict[str, Any], what: str) -> str:
    return f"{cell['requests per task'][what] * cell['tasks']:,.0f}"


def _saved(cell: dict[str, Any]) -> str:
    low, middle, high = cell["cpu ms saved per task"]
    return f"{middle:,.0f} ({low:,.0f} to {high:,.0f})"
