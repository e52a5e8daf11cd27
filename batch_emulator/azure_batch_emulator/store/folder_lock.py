"""Keeps a second emulator, and a late process of an earlier one, out of a data folder.

Two locks, each on a file of its own. One is the emulator's. The other is shared with the supervisor, so
that it is free only when the last task process of an emulator has ended, also when the emulator
itself was killed long before.
"""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING

from azure_batch_emulator.errors import BadState

if TYPE_CHECKING:
    from pathlib import Path

_WAIT_SECONDS = 20.0
_POLL_SECONDS = 0.02


class FolderLock:
    """Both locks of a data folder, until ``release``."""

    def __init__(self, data: Path, *, wait_seconds: float = _WAIT_SECONDS) -> None:
        """Take the locks, and wait for the end of processes an earlier emulator has left.

        :raises BadState: if another emulator runs on the folder, or such processes do not end
        """
        self._files: list[int] = []
        try:
            self._take(data / "emulator.lock", seconds=0, reason=f"another emulator runs on {data}")
            reason = f"task processes of an earlier emulator on {data} have not ended"
            self.process_lock = self._take(data / "processes.lock", seconds=wait_seconds, reason=reason)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let others in; for the processes' lock its other holders count too."""
        while self._files:
            os.close(self._files.pop())

    def _take(self, path: Path, *, seconds: float, reason: str) -> int:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._files.append(file)
        deadline = time.monotonic() + seconds
        while not _lock(file):
            if time.monotonic() >= deadline:
                raise BadState(reason)
            time.sleep(_POLL_SECONDS)
        return file


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
