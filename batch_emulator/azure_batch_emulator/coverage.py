"""Rewrites the README's table of operations from the route table.

Run it as ``python -m azure_batch_emulator.coverage``; a test holds the table current.
"""

from __future__ import annotations

import sys
from pathlib import Path

from azure_batch_emulator.wire.routes import ROUTES

START = "<!-- START coverage: python -m azure_batch_emulator.coverage -->"
END = "<!-- END coverage -->"
README = Path(__file__).resolve().parent.parent / "README.md"


def table() -> str:
    """Write the table of all operations, in the order of the routes."""
    rows = [
        f"All {len(ROUTES)} operations that the clients of `azure-batch` 15.1.0 can ask for are built.",
        "",
        "| operation | request |",
        "|---|---|",
    ]
    rows += [f"| `{route.operation}` | {route.method} `{route.path}` |" for route in ROUTES]
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
