"""Secrets that came in the environment, forgotten once they are read."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_START, _END = 47, 48
"""Where ``/proc/self/stat`` has the bounds of the first environment, counted after the program's name."""


def forget(name: str) -> None:
    """Remove a variable, also where other processes of this user could still read it.

    The kernel shows the environment a process began with, from that process's own memory: on Linux the
    value is blanked there, so that a task does not find it in ``/proc``.
    """
    if os.environ.pop(name, None) is not None and sys.platform == "linux":
        _blank(name)


def _blank(name: str) -> None:
    fields = Path("/proc/self/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    start, end = int(fields[_START]), int(fields[_END])
    place = start
    for variable in ctypes.string_at(start, end - start).split(b"\0") if start else ():
        if variable.startswith(os.fsencode(name) + b"="):
            ctypes.memset(place, 0, len(variable))
        place += len(variable) + 1
