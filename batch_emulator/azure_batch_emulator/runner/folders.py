"""The folders of an attempt: made before it, and put out of the way when they are not wanted any more."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from azure_batch_emulator.runner.trouble import AttemptFailed

if TYPE_CHECKING:
    from pathlib import Path

    from azure_batch_emulator.runner.interface import Link, Order


def lay_out(order: Order) -> None:
    """Make the folders of an attempt, with empty outputs.

    :raises AttemptFailed: if the disk does not let us
    """
    try:
        for directory in (*order.node_directories, order.directory / "wd"):
            directory.mkdir(parents=True, exist_ok=True)
        for link in order.links:
            _appear(link)
        for name in ("stdout.txt", "stderr.txt"):
            (order.directory / name).write_bytes(b"")
    except OSError as problem:
        message = "A directory of the task could not be created"
        raise AttemptFailed.server("ResourceDirectoryCreateFailed", message, Reason=str(problem)) from None


def _appear(link: Link) -> None:
    """Make a link, or turn one that leads elsewhere; others may do the same at this moment."""
    if link.path.is_symlink() and link.path.readlink() == link.folder:
        return
    link.path.parent.mkdir(parents=True, exist_ok=True)
    new = link.path.with_name(f".link-{uuid.uuid4().hex}")
    new.symlink_to(link.folder)
    new.replace(link.path)


def put_away(directory: Path) -> Path | None:
    """Move a folder out of the way at once; return where it is to be deleted, None if it was never made."""
    trash = directory.with_name(f".removed-{uuid.uuid4().hex}")
    with suppress(OSError):
        return directory.rename(trash)
    return None
