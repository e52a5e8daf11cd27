"""A process and its descendants, in any session: Airflow starts a session for each task.

Descendants are found through their parents, so list them before a parent ends.
"""

from __future__ import annotations

import time
from contextlib import suppress

import psutil

_GONE_SECONDS = 10.0
"""A killed process disappears at once, unless it is in a system call."""


def family_of(pid: int) -> list[psutil.Process]:
    """Return a process and its descendants, without those that have ended."""
    try:
        first = psutil.Process(pid)
        return [member for member in (first, *first.children(recursive=True)) if is_alive(member)]
    except psutil.NoSuchProcess:
        return []


def is_alive(process: psutil.Process) -> bool:
    """Whether a process has not ended; a zombie has."""
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def parent_pid(process: psutil.Process) -> int | None:
    """Return the id of a process's parent; None if the process has ended."""
    with suppress(psutil.NoSuchProcess):
        return int(process.ppid())
    return None


def kill_family(pid: int) -> None:
    """Kill a process and its descendants, and wait until they are gone."""
    held: list[psutil.Process] = []
    # Suspend all first, because a running process could start another one meanwhile.
    while found := [member for member in family_of(pid) if member not in held]:
        for member in found:
            with suppress(psutil.NoSuchProcess):
                member.suspend()
        held += found
    for member in held:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    # Polled, not waited for: only a parent can collect the exit status.
    deadline = time.monotonic() + _GONE_SECONDS
    while any(map(is_alive, held)) and time.monotonic() < deadline:
        time.sleep(0.01)


def held_bytes(pid: int) -> int:
    """Return the memory of a process and its descendants in bytes; on Linux, shared pages count once."""
    total = 0
    for member in family_of(pid):
        with suppress(psutil.Error):
            held = member.memory_full_info()
            total += int(getattr(held, "pss", held.rss))
    return total
