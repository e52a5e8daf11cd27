"""The folder with the results of an hour: written aside, then put in its place, so that none is lost."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from local_stack.processes import StackError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WORLD = ".readings"
"""File that says which readings the results are of."""


@contextmanager
def replaced(folder: Path, *, world: str) -> Iterator[Path]:
    """Write results into an empty folder that takes the place of the one of earlier results.

    Results of other readings for the same hour are kept beside it, and their new place is printed.

    :param world: names the readings: the same name stands for the same readings
    :raises StackError: if they cannot be written; earlier results are as they were
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
            f"the results could not be written to {folder}: {error.strerror or error}; earlier ones are kept"
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put_in_place(draft: Path, folder: Path, world: str) -> None:
    """Rename: at no moment is there less than one whole folder of results."""
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
    print(f"earlier results for this hour, of other readings, are now in {kept}/")


def _world_of(folder: Path) -> str:
    try:
        return (folder / _WORLD).read_text().strip() or "earlier"
    except OSError:
        return "earlier"


def _free_name(folder: Path) -> Path:
    """Return the name, or the first with a number that nobody has."""
    number, name = 2, folder
    while name.exists():
        name, number = folder.with_name(f"{folder.name}-{number}"), number + 1
    return name
