"""What ``make lint`` does not check: the docstrings of dataclasses, whose ``__init__`` is generated."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
_PARAMETER = re.compile(r"^ *:param (\w+):", re.MULTILINE)


def dataclasses_in(folder: Path) -> dict[str, ast.ClassDef]:
    """Map the dataclasses of a folder by their names."""
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in folder.rglob("*.py"))
    classes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return {node.name: node for node in classes if "dataclass" in map(_name, node.decorator_list)}


def _name(decorator: ast.expr) -> str:
    return ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)


def fields_of(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> set[str]:
    """Name the fields of a dataclass, and of those that it extends."""
    own = {entry.target.id for entry in node.body if isinstance(entry, ast.AnnAssign)
           if isinstance(entry.target, ast.Name)}  # fmt: skip
    bases = [classes[base.id] for base in node.bases if isinstance(base, ast.Name) and base.id in classes]
    return own.union(*(fields_of(base, classes) for base in bases))


@pytest.mark.parametrize(
    "folder",
    [
        "plugins/scoring_contract",
        "plugins/sensor_scoring",
        "scoring_image/scorer",
        "batch_emulator/azure_batch_emulator",
        "batch_emulator/azure_batch_lab",
        "event_hubs_emulator/azure_event_hubs_emulator",
        "ingest",
        "local_stack",
    ],
)
def test_a_documented_field_exists(folder: str) -> None:
    """Whatever the docstring of a dataclass describes is a field of it."""
    classes = dataclasses_in(ROOT / folder)
    unknown = {
        name: strange
        for name, node in classes.items()
        if (strange := {*_PARAMETER.findall(ast.get_docstring(node) or "")} - fields_of(node, classes))
    }
    assert unknown == {}
