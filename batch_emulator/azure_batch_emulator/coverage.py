"""Rewrites the README's tables of operations from the route tables.

Run it as ``python -m azure_batch_emulator.coverage``; a test holds the table current.
"""

from __future__ import annotations

import sys
from pathlib import Path

from azure_batch_emulator.wire.arm.routes import BUILT, MANAGEMENT_ROUTES
from azure_batch_emulator.wire.routes import ROUTES

START = "<!-- START coverage: python -m azure_batch_emulator.coverage -->"
END = "<!-- END coverage -->"
README = Path(__file__).resolve().parent.parent / "README.md"


def table() -> str:
    """Write the tables of all operations that are built, in the order of the routes."""
    rows = [
        f"All {len(ROUTES)} operations that the clients of `azure-batch` 15.1.0 can ask for are built.",
        "",
        "| operation | request |",
        "|---|---|",
    ]
    rows += [f"| `{route.operation}` | {route.method} `{route.path}` |" for route in ROUTES]
    rows += [
        "",
        f"Of the {len(MANAGEMENT_ROUTES) - 1} operations of `azure-mgmt-batch` 19.0.0 these are built:",
        "",
        "| operation | request |",
        "|---|---|",
    ]
    for route in BUILT:
        path = route.path.partition("Microsoft.Batch")[2]
        rows.append(f"| `{route.operation}` | {route.method} `…{path}` |")
    return "\n".join(rows)


def renewed(text: str) -> str:
    """Put the present table between the markers of a text."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{table()}\n\n{END}{after}"


def main() -> int:
    """Rewrite the README."""
    README.write_text(renewed(README.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
