"""Files and folders that only their owner can access: passwords, keys, tokens."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

FILE_MODE, FOLDER_MODE = 0o600, 0o700
UMASK = 0o077
"""Umask of a process that creates files with secrets."""


def private_folder(folder: Path) -> Path:
    """Create a folder, unless it exists, and deny access to others."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(FOLDER_MODE)
    return folder


def write_private(file: Path, text: str) -> None:
    """Write or replace a file atomically; it is never readable by others."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    draft.replace(file)


def private_log(file: Path) -> BinaryIO:
    """Open a new file for a program's output, readable only by its owner; an old file is deleted."""
    file.unlink(missing_ok=True)
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb")


def close_to_others(file: Path) -> bool:
    """Deny others access to a file.

    :return: whether others had access until now
    :raises PermissionError: if they have, and another user owns the file
    """
    was_open = bool(stat.S_IMODE(file.stat().st_mode) & UMASK)
    if was_open:
        file.chmod(FILE_MODE)
    return was_open
