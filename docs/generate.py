"""Writes the parts of the documentation that mirror code: ``python docs/generate.py``.

A generated part stands between ``<!-- START name -->`` and ``<!-- END name -->``; a test holds it current.
"""

from __future__ import annotations

import ast
import itertools
import re
import sys
from dataclasses import fields
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "plugins"))

from sensor_scoring.settings import PREFIX, Settings  # noqa: E402  the path comes first

PAGES = {ROOT / "docs" / "settings.md": "settings"}


def settings_table() -> str:
    """Return a row for each setting: variable, default, meaning."""
    meanings = _field_docstrings(ROOT / "plugins" / "sensor_scoring" / "settings.py")
    rows = [
        f"| `{PREFIX}{field.name.upper()}` | {_shown(field.default)} | {meanings[field.name]} |"
        for field in fields(Settings)
    ]
    return "\n".join(("| variable | default | meaning |", "|---|---|---|", *rows))


PARTS = {"settings": settings_table}


def generated(text: str, name: str) -> str:
    """Return a page with its generated part made anew."""
    part = f"<!-- START {name} -->\n\n{PARTS[name]()}\n\n<!-- END {name} -->"
    return re.sub(rf"<!-- START {name} -->.*<!-- END {name} -->", lambda _: part, text, flags=re.DOTALL)


def _field_docstrings(source: Path) -> dict[str, str]:
    """Return the string under each field of the first class, on one line."""
    body = next(node for node in ast.parse(source.read_text()).body if isinstance(node, ast.ClassDef)).body
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _shown(default: object) -> str:
    return "empty" if default == "" else f"`{default}`"


if __name__ == "__main__":
    for page, name in PAGES.items():
        page.write_text(generated(page.read_text(), name))
