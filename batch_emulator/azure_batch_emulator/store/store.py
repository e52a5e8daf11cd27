"""The kept state of one emulator: its folder held, its account read, its changes written."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING

from azure_batch_emulator.errors import BadState
from azure_batch_emulator.store.database import Database, create, load
from azure_batch_emulator.store.folder_lock import FolderLock

if TYPE_CHECKING:
    from datetime import datetime

    from azure_batch_emulator.settings import Settings

STATE_FILE = "state.sqlite3"
_WORTH_NOTING = timedelta(seconds=1)
"""When nothing but time has changed, it is written down no finer than this."""


class Store:
    """Holds a data folder from its making until ``close``."""

    def __init__(self, settings: Settings) -> None:
        """Read what is there, or begin with nothing.

        :raises BadState: if the folder is in use, another account's, of a newer format, or unreadable
        """
        settings.data.mkdir(parents=True, exist_ok=True)
        self._folder_lock = FolderLock(settings.data)
        try:
            path = settings.data.resolve() / STATE_FILE
            if not path.exists():
                create(path, settings.account)
            self.account = load(path, settings)
            self._database = Database(path)
        except BaseException as problem:
            self._folder_lock.release()
            if isinstance(problem, sqlite3.Error):
                raise BadState(f"cannot write a state file to {settings.data}: {problem}") from problem
            raise
        self._written_at = self.account.now

    @property
    def process_lock(self) -> int:
        """Tell the file whose lock is to be kept by whoever keeps task processes."""
        return self._folder_lock.process_lock

    def save(self) -> None:
        """Write what has changed; it is kept when this returns.

        :raises sqlite3.Error: if it cannot be written; it is tried again with the next change
        """
        account = self.account
        if account.changes or _is_later(account.now, self._written_at):
            self._database.write(account)
            account.changes.clear()
            self._written_at = account.now

    def close(self) -> None:
        """Let the folder go."""
        self._database.close()
        self._folder_lock.release()


def _is_later(now: datetime | None, noted: datetime | None) -> bool:
    return now is not None and (noted is None or now - noted >= _WORTH_NOTING)
