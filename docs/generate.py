"""Writes the parts of the documentation that mirror code: ``python docs/generate.py``.

A generated part stands between ``<!-- START name -->`` and ``<!-- END name -->``; a test holds it current.
"""

from __future__ import annotations

import ast
import itertools
import re
import sys
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "plugins"))

from sensor_scoring.settings import PREFIX, Settings  # noqa: E402  the path comes first

PAGES = {
    ROOT / "docs" / "settings.md": "settings",
    ROOT / "docs" / "behaviours.md": "behaviours",
}


def settings_table() -> str:
    """Return a row for each setting: variable, default, meaning."""
    meanings = _field_docstrings(ROOT / "plugins" / "sensor_scoring" / "settings.py")
    rows = [
        f"| `{PREFIX}{field.name.upper()}` | {_shown(field.default)} | {meanings[field.name]} |"
        for field in fields(Settings)
    ]
    return "\n".join(("| variable | default | meaning |", "|---|---|---|", *rows))


@dataclass(frozen=True, slots=True)
class MarkedTest:
    """A test that says which behaviour it makes happen."""

    file: Path
    name: str
    sentence: str
    behaviours: tuple[str, ...]


def marked_tests() -> Iterator[MarkedTest]:
    """Find the tests with a ``behaviour`` mark."""
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef) and (marks := tuple(_behaviours_of(node))):
                sentence = " ".join((ast.get_docstring(node) or "").split())
                yield MarkedTest(file.relative_to(ROOT), node.name, sentence, marks)


def _behaviours_of(test: ast.FunctionDef) -> Iterator[str]:
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.behaviour":
            yield from (ast.literal_eval(word) for word in mark.args)


def behaviours_table() -> str:
    """Return a row for each behaviour: situation, what happens, the tests that make it happen."""
    rows, tests = tomllib.loads((ROOT / "docs" / "behaviours.toml").read_text()), list(marked_tests())
    lines = [
        f"| {row['situation']} | {row['outcome']} | {'<br>'.join(_shown_test(test) for test in found)} |"
        for name, row in rows.items()
        if (found := [test for test in tests if name in test.behaviours])
    ]
    return "\n".join(("| situation | what happens | shown by |", "|---|---|---|", *lines))


def _shown_test(test: MarkedTest) -> str:
    return f"[`{test.name}`](../{test.file}): {test.sentence}"


PARTS = {"settings": settings_table, "behaviours": behaviours_table}


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
