"""What Python sources import, without running them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def imports_of(file: Path) -> set[str]:
    """List the modules that a file imports anywhere, counting imported names as modules too."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def packages_of(*files: Path) -> set[str]:
    """List the top-level packages that files import."""
    return {name.partition(".")[0] for file in files for name in imports_of(file)}
