"""Tables of the local Azure Batch and of autoscale policies."""

from __future__ import annotations

from typing import Any

from bench_results import results_of


def load_table() -> str:
    """Return a row for each load of the local Azure Batch."""
    loads = results_of("emulator")
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
    fleets = results_of("policies")["lab"]
    return "\n\n".join(
        "\n".join((f"**{fleet}**", "", *_POLICY_HEAD, *map(_policy_row, rows)))
        for fleet, rows in fleets.items()
    )


def day_table() -> str:
    """Return the figures of a day with the real hook, under each autoscale policy."""
    rows = results_of("policies")["day"]["policies"]
    return "\n".join((*_POLICY_HEAD, *map(_policy_row, rows)))


def _policy_row(row: dict[str, Any]) -> str:
    waits = (f"{row[name] // 60}:{row[name] % 60:02}" for name in ("mean_seconds", "p95_seconds"))
    hours = (f"{row[name]:,.1f}" for name in ("node_hours", "spot_hours"))
    cells = (row["policy"], *hours, f"{row['cost']:,.2f}", *waits, f"{row['idle_share']:.0%}")
    return f"| {' | '.join(cells)} |"
