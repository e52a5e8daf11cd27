"""Rewrites the manual's table of warnings from the reviewer's own reasons.

Run it as ``python -m azure_batch_lab.manual``; a test holds the table current.
"""

from __future__ import annotations

import sys
from pathlib import Path

from azure_batch_lab.review.advice import WHY

START = "<!-- START warnings: python -m azure_batch_lab.manual -->"
END = "<!-- END warnings -->"
MANUAL = Path(__file__).resolve().parent.parent / "docs" / "lab.md"


def renewed(text: str) -> str:
    """Put the present table between the markers of a text."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    rows = [f"| `{code}` | {why} |" for code, why in WHY.items()]
    table = "\n".join(["| warning | why |", "|---|---|", *rows])
    return f"{before}{START}\n\n{table}\n\n{END}{after}"


def main() -> int:
    """Rewrite the manual."""
    MANUAL.write_text(renewed(MANUAL.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
