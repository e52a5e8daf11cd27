"""Removing what tasks left: however deep it is, whatever they have forbidden, and nothing outside."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from azure_batch_emulator.confined.folder import Folder


def hide(folder: Folder, name: str) -> str:
    """Move an entry out of the way at once; return its new name beside the old one."""
    hidden = f".removed-{uuid.uuid4().hex}"
    folder.move(name, folder, hidden)
    return hidden


def remove(folder: Folder, name: str) -> None:
    """Remove an entry with all that is in it; of a link the link itself.

    :raises OSError: if something of it cannot be removed; the rest is gone
    """
    try:
        folder.unlink(name)
    except FileNotFoundError:
        return
    except OSError:  # a folder: what POSIX says of it differs from system to system
        _remove_tree(folder, name)


def _remove_tree(above: Folder, name: str) -> None:
    """Empty a folder level by level: what is in its folders moves up into it.

    So neither depth nor the length of paths matters, and two folders are open at a time.
    """
    with suppress(OSError):
        above.allow(name)
    with above.folder(name) as top:
        stuck: set[str] = set()
        while left := [entry for entry in top.entries() if entry.name not in stuck]:
            for entry in left:
                if not _is_removed(top, entry):
                    stuck.add(entry.name)
    above.rmdir(name)


def _is_removed(top: Folder, entry: os.DirEntry[str]) -> bool:
    """Remove an entry, or as much of it as can be; tell whether it is gone."""
    with suppress(OSError):
        if not entry.is_dir(follow_symlinks=False):
            top.unlink(entry.name)
            return True
        _lift(top, entry.name)
        top.rmdir(entry.name)
        return True
    return False


def _lift(top: Folder, name: str) -> None:
    """Empty a folder: its folders move up, everything else goes."""
    with suppress(OSError):
        top.allow(name)
    with top.folder(name) as folder:
        for entry in folder.entries():
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    folder.allow(entry.name)  # its parent entry changes with the move
                    folder.move(entry.name, top, uuid.uuid4().hex)
                else:
                    folder.unlink(entry.name)
