"""Files and folders that only their owner may look into: passwords, keys, tokens."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

FILE_MODE, FOLDER_MODE = 0o600, 0o700
UMASK = 0o077
"""What a process takes from the modes of all files that it makes, so that no secret is readable meanwhile."""


def private_folder(folder: Path) -> Path:
    """Make a folder if it is not there, and close it to others."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(FOLDER_MODE)
    return folder


def write_private(file: Path, text: str) -> None:
    """Write a file that was never readable by others, over what was there, all at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    draft.replace(file)


def private_log(file: Path) -> BinaryIO:
    """Open a file for a program to print to, empty and for its owner alone, whoever could read it before."""
    file.unlink(missing_ok=True)
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb")


def close_to_others(file: Path) -> bool:
    """Leave a file to its owner alone.

    :return: whether others could do something with it until now
    :raises PermissionError: if it belongs to somebody else
    """
    was_open = bool(stat.S_IMODE(file.stat().st_mode) & UMASK)
    if was_open:
        file.chmod(FILE_MODE)
    return was_open
