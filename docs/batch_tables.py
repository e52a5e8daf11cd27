"""Tables of the local Azure Batch and of autoscale policies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"


def load_table() -> str:
    """Return a row for each load of the local Azure Batch."""
    loads = json.loads((RESULTS / "emulator.json").read_text())
    heading = (
        "| tasks | added a second | a collection of 100, ms | the last ten, ms | a page of 1,000, ms "
        "| with the client, ms | memory a task, KiB | all run, s |"
    )
    rows = [
        f"| {load['tasks']:,} | {load['adds_per_second']:,} | {load['collection_ms']} "
        f"| {load['last_collections_ms']} | {load['page_ms']} | {load['page_with_client_ms']} "
        f"| {load['kib_per_task']} | {load['run_seconds']} |"
        for load in loads
    ]
    return "\n".join((heading, "|---|---|---|---|---|---|---|---|", *rows))


_POLICY_HEAD = (
    "| policy | node-hours | Spot node-hours | cost | mean m:s | p95 m:s | idle |",
    "|---|---|---|---|---|---|---|",
)


def policies_tables() -> str:
    """Return a table for each fleet: a day in the lab under each autoscale policy."""
    fleets = json.loads((RESULTS / "policies.json").read_text())["lab"]
    return "\n\n".join(
        "\n".join((f"**{fleet}**", "", *_POLICY_HEAD, *map(_policy_row, rows)))
        for fleet, rows in fleets.items()
    )


def day_table() -> str:
    """Return the figures of a day with the real hook, under each autoscale policy."""
    rows = json.loads((RESULTS / "policies.json").read_text())["day"]["policies"]
    return "\n".join((*_POLICY_HEAD, *map(_policy_row, rows)))


def _policy_row(row: dict[str, Any]) -> str:
    waits = (f"{row[name] // 60}:{row[name] % 60:02}" for name in ("mean_seconds", "p95_seconds"))
    hours = (f"{row[name]:,.1f}" for name in ("node_hours", "spot_hours"))
    cells = (row["policy"], *hours, f"{row['cost']:,.2f}", *waits, f"{row['idle_share']:.0%}")
    return f"| {' | '.join(cells)} |"
