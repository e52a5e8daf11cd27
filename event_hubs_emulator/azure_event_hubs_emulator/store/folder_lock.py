"""Keeps a second emulator out of a data folder."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from azure_event_hubs_emulator.errors import BadState

if TYPE_CHECKING:
    from pathlib import Path


class FolderLock:
    """The lock of a data folder, until ``release`` or the end of the process, however it ends."""

    def __init__(self, data: Path) -> None:
        """Take it.

        :raises BadState: if another emulator runs on the folder
        """
        self._file: int | None = os.open(data / "emulator.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise BadState(f"another emulator runs on {data}") from None

    def release(self) -> None:
        """Let others in."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
