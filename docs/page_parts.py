"""Parts of pages that mirror code: settings, behaviours, forms of readings."""

from __future__ import annotations

import ast
import itertools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensor_scoring.settings import all_settings, groups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor_scoring.setting_fields import SettingGroup

ROOT = Path(__file__).resolve().parent.parent


def compose_settings() -> str:
    """Return a line for each setting, with which compose passes it on only if it is set."""
    return "\n".join(f"  {entry.variable}:" for entry in all_settings())


def settings_table() -> str:
    """Return a table for each group; a row has variable, default, allowed values and meaning."""
    meanings = _field_docstrings(ROOT / "plugins" / "sensor_scoring" / "setting_groups.py")
    return "\n\n".join(_group_table(name, group, meanings) for name, group in groups())


def _group_table(name: str, group: type[SettingGroup], meanings: dict[str, str]) -> str:
    rows = [
        f"| `{entry.variable}` | {_shown(entry.default)} | {entry.constraint or _NOUNS[entry.kind]} "
        f"| {meanings[entry.name].replace('``', '`')} |"  # code in docstrings, and in Markdown
        for entry in group.settings()
    ]
    heading = f"## {name.replace('_', ' ').capitalize()}\n\n{group.__doc__}\n"
    return "\n".join((heading, "| variable | default | allowed | meaning |", "|---|---|---|---|", *rows))


_NOUNS = {"bool": "true or false", "str": "a text"}


@dataclass(frozen=True, slots=True)
class MarkedTest:
    """A test with the behaviour that it shows."""

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


def behaviours_part() -> str:
    """Return a table of contents and, for each behaviour, its outcome, its alert and its tests."""
    rows, tests = tomllib.loads((ROOT / "docs" / "behaviours.toml").read_text()), list(marked_tests())
    contents = [f"- [{row['situation']}](#{name})" for name, row in rows.items()]
    entries = [
        _behaviour(name, row, [test for test in tests if name in test.behaviours])
        for name, row in rows.items()
    ]
    return "\n\n".join(("\n".join(contents), *entries))


def _behaviour(name: str, row: dict[str, str], tests: list[MarkedTest]) -> str:
    shown = "\n".join(f"- {_shown_test(test)}" for test in tests)
    return (
        f'<a id="{name}"></a>\n\n## {row["situation"]}\n\n{row["outcome"]}\n\n'
        f"Reported by: {row['told']}.\n\n{shown}"
    )


def _shown_test(test: MarkedTest) -> str:
    return f"[`{test.name}`](../{test.file}): {test.sentence}"


FORMS = ROOT / "docs" / "reading_forms.toml"


def forms_table() -> str:
    """Return a row for each form of readings, group by group: an example, and how it is read."""
    body = tomllib.loads(FORMS.read_text())
    rows = [
        f"| {form['group']} | {form['what']} | {_shown_file(form)} | {_shown_words(form, 'scoring')} "
        f"| {_shown_words(form, 'loading')} |"
        for form in body["form"]
    ]
    return "\n".join(("| | form | file | scoring | loading |", "|---|---|---|---|---|", *rows))


def _shown_file(form: dict[str, Any]) -> str:
    if "text" not in form:
        return f"`{form['name']}`" if "name" in form else ""
    lines = form["text"].encode("unicode_escape").decode().replace("|", "\\|")
    return f"`{lines}`"


def _shown_words(form: dict[str, Any], who: str) -> str:
    return f"“{form[who]}”" if who in form else ""


def moments_table() -> str:
    """Return a row for each form of timestamps."""
    body = tomllib.loads(FORMS.read_text())
    rows = [
        f"| {form['what']} | {', '.join(f'`{text}`' for text in form['texts'])} "
        f"| {'no' if form.get('is_refused') else 'yes'} |"
        for form in body["moment"]
    ]
    return "\n".join(("| form | texts | read |", "|---|---|---|", *rows))


def _field_docstrings(source: Path) -> dict[str, str]:
    """Return the docstring of each field of the classes, on one line."""
    classes = (node for node in ast.parse(source.read_text()).body if isinstance(node, ast.ClassDef))
    return {
        field.target.id: " ".join(text.value.value.split())
        for body in (node.body for node in classes)
        for field, text in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _shown(default: object) -> str:
    return "empty" if default == "" else f"`{default}`"
