"""Files a person names; ``-`` is standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from azure_batch_lab.errors import BadInput


def read(name: str) -> str:
    """Read a file.

    :raises BadInput: if it cannot be read, or is no text
    """
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as problem:
        raise BadInput(f"{name} cannot be read: {problem}") from None


def write(folder: Path, name: str, text: str) -> Path:
    """Write a file into a folder, which is made if it is missing.

    :raises BadInput: if it cannot be written
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    except OSError as problem:
        raise BadInput(f"{folder / name} cannot be written: {problem}") from None
    return folder / name
