"""Records the processes of a running stack, to end them after their owner was killed.

An owner that is stopped stops its parts itself. An owner that is killed leaves them running, without a
parent.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil

from local_stack.services.family import family_of, is_alive, kill_family
from local_stack.services.private_files import write_private

if TYPE_CHECKING:
    from pathlib import Path

_SAME_SECONDS = 2.0
"""Tolerance of a process's start time; another process with a reused id has started later."""


def record_family(file: Path, owner: int) -> None:
    """Write the ids and start times of an owner and its descendants to a file, the owner first."""
    known = []
    for member in family_of(owner):
        with suppress(psutil.NoSuchProcess):
            known.append((member.pid, member.create_time()))
    write_private(file, json.dumps(known))


def end_remains(file: Path) -> bool:
    """Kill the recorded processes, if their owner has ended.

    :return: whether there were any
    """
    owner, *others = _recorded(file) or [None]
    if owner is not None:
        return False  # it is running, or perhaps still starting
    left = [member for member in others if member is not None]
    for member in left:
        kill_family(member.pid)
    file.unlink(missing_ok=True)
    return bool(left)


def _recorded(file: Path) -> list[psutil.Process | None]:
    """Return the recorded processes, None for one that has ended."""
    try:
        known = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return []
    return [_same(pid, started) for pid, started in known]


def _same(pid: int, started: float) -> psutil.Process | None:
    with suppress(psutil.NoSuchProcess):
        found = psutil.Process(pid)
        if is_alive(found) and abs(found.create_time() - started) < _SAME_SECONDS:
            return found
    return None
