"""Replaces the folder with the results of an hour atomically, so that no results are lost."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from local_stack.services.processes import StackError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WORLD = ".readings"
"""File that identifies the readings of the results."""


@contextmanager
def replaced(folder: Path, *, world: str) -> Iterator[Path]:
    """Write results to a temporary folder, which then replaces the folder of earlier results.

    Results of other readings for the same hour are kept under another name, which is printed.

    :param folder: for the results
    :param world: identifies the readings
    :raises StackError: if they cannot be written; earlier results stay unchanged
    """
    draft = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        yield draft
        (draft / _WORLD).write_text(world)
        _put_in_place(draft, folder, world)
    except OSError as error:
        raise StackError(
            f"cannot write the results to {folder}: {error.strerror or error}; earlier results are unchanged"
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put_in_place(draft: Path, folder: Path, world: str) -> None:
    """Rename folders so that there is a complete folder of results at any time."""
    if not folder.exists():
        draft.rename(folder)
        return
    former = _world_of(folder)
    if former == world:
        aside = folder.with_name(f".{folder.name}.{os.getpid()}.old")
        folder.rename(aside)
        draft.rename(folder)
        shutil.rmtree(aside, ignore_errors=True)
        return
    kept = _free_name(folder.with_name(f"{folder.name}-{former}"))
    folder.rename(kept)
    draft.rename(folder)
    print(f"earlier results of other readings for this hour are now in {kept}/")


def _world_of(folder: Path) -> str:
    try:
        return (folder / _WORLD).read_text().strip() or "earlier"
    except OSError:
        return "earlier"


def _free_name(folder: Path) -> Path:
    """Return the name, or the first one with a number that does not exist."""
    number, name = 2, folder
    while name.exists():
        name, number = folder.with_name(f"{folder.name}-{number}"), number + 1
    return name
