"""A process with all it has started, in whatever session: Airflow gives each task one of its own.

What has lost its parent is no longer found from it: ask before the parent goes.
"""

from __future__ import annotations

import time
from contextlib import suppress

import psutil

_GONE_SECONDS = 10.0
"""A killed process goes at once, unless the kernel is busy for it."""


def family_of(pid: int) -> list[psutil.Process]:
    """Return a process, if it lives, and what descends from it."""
    try:
        first = psutil.Process(pid)
        return [member for member in (first, *first.children(recursive=True)) if is_alive(member)]
    except psutil.NoSuchProcess:
        return []


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs or could; one that has ended and waits to be noticed does not."""
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def parent_pid(process: psutil.Process) -> int | None:
    """Return the id of a process's parent; None if the process has ended."""
    with suppress(psutil.NoSuchProcess):
        return int(process.ppid())
    return None


def kill_family(pid: int) -> None:
    """Kill a process and all that descends from it, as a failing machine does; return when they are gone."""
    held: list[psutil.Process] = []
    # Each is held first: a process that goes on could start another one that nobody sees.
    while found := [member for member in family_of(pid) if member not in held]:
        for member in found:
            with suppress(psutil.NoSuchProcess):
                member.suspend()
        held += found
    for member in held:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    # Looked at, not waited for: how a process ended is for its parent to collect.
    deadline = time.monotonic() + _GONE_SECONDS
    while any(map(is_alive, held)) and time.monotonic() < deadline:
        time.sleep(0.01)


def held_bytes(pid: int) -> int:
    """Return what a family has in memory; where the system tells (Linux), shared pages count once."""
    total = 0
    for member in family_of(pid):
        with suppress(psutil.Error):
            held = member.memory_full_info()
            total += int(getattr(held, "pss", held.rss))
    return total
