"""The state file: one table of records, one of facts, and who may open it.

SQLite with a write-ahead log: a transaction is in the hands of the operating system when it ends,
and an interrupted one never was.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale import FormulaSyntaxError
from azure_batch_emulator.autoscale.samples import KEPT
from azure_batch_emulator.errors import BadState
from azure_batch_emulator.moments import parse_moment
from azure_batch_emulator.records.samples import Sample
from azure_batch_emulator.store.rows import OWNED, Rebuild, key_of, row_of

if TYPE_CHECKING:
    from pathlib import Path

    from azure_batch_emulator.records.account import Account
    from azure_batch_emulator.settings import Settings

FORMAT = 2
"""Raised when an older program would misread what this one writes."""
_SCHEMA = """
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE record (
    kind TEXT NOT NULL, owner INTEGER NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, owner, number)
) WITHOUT ROWID;
"""
_READ = "SELECT kind, owner, number, body FROM record WHERE kind = ? ORDER BY owner, number"
_WRITE = "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)"
_OWNERS_FIRST = ("pool", "node", "sample", "job", "satisfied", "task", "preparation", "schedule")
_WRONG = (sqlite3.Error, ValueError, KeyError, TypeError, FormulaSyntaxError)


def create(path: Path, account: str) -> None:
    """Make the file of an empty account; it is there as a whole or not at all.

    :raises BadState: if the log of a file that is gone is there
    """
    log = path.with_name(f"{path.name}-wal")
    if log.exists():
        raise BadState(f"{path} is missing, though its log {log.name} is there; nothing was changed")
    fresh = path.with_name(f"{path.name}.new")
    for left in (fresh, fresh.with_name(f"{fresh.name}-journal")):
        left.unlink(missing_ok=True)
    fresh.touch(mode=0o600)  # environments of tasks hold secrets; SQLite gives its logs the same mode
    with closing(sqlite3.connect(fresh, isolation_level=None)) as connection:
        connection.executescript(f"BEGIN;{_SCHEMA}")
        facts = [("format", str(FORMAT)), ("account", account)]
        connection.executemany("INSERT INTO fact VALUES (?, ?)", facts)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    fresh.replace(path)


def load(path: Path, settings: Settings) -> Account:
    """Read the account a file holds; nothing is written.

    :raises BadState: if it is another account's, of a newer format, or cannot be read
    """
    try:
        _check_filled(path)
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            return _load(connection, path, settings)
    except _WRONG as problem:
        reason = " ".join(f"{type(problem).__name__}: {problem}".split())
        raise BadState(f"cannot read the state file {path} ({reason}); it was left as it is") from problem


def _check_filled(path: Path) -> None:
    if not path.stat().st_size:
        raise ValueError("the file is empty")


def _load(connection: sqlite3.Connection, path: Path, settings: Settings) -> Account:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise ValueError(verdict)
    facts = dict(connection.execute("SELECT name, value FROM fact"))
    if int(facts["format"]) > FORMAT:
        known = f"this one reads format {FORMAT}"
        raise BadState(f"{path} was written by a newer emulator: it has format {facts['format']}, {known}")
    if facts["account"] != settings.account:
        raise BadState(f"{path} belongs to the account {facts['account']!r}, not {settings.account!r}")
    rebuild = Rebuild(period=settings.sample_period, lag=settings.sample_lag)
    for kind in _OWNERS_FIRST:
        rebuild.take(connection.execute(_READ, (kind,)))
    account = rebuild.account
    account.changes.clear()
    account.last_etag, account.last_number = int(facts.get("etag", 0)), int(facts.get("number", 0))
    account.now = parse_moment(facts["now"]) if "now" in facts else None
    return account


class Database:
    """The file, open for writing."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        # Power may fail without the file being torn; the death of the process loses nothing at all.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("UPDATE fact SET value = ? WHERE name = 'format'", (str(FORMAT),))

    def write(self, account: Account) -> None:
        """Keep what has changed in the account, all of it or nothing."""
        with self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            changes = account.changes
            connection.executemany(_WRITE, [row_of(record) for record in changes.written])
            for record in changes.written:
                if isinstance(record, Sample):
                    self._trim(record)
            for record in changes.dropped:
                self._drop(record)
            self._write_facts(account)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _drop(self, record: object) -> None:
        key = key_of(record)
        self._connection.execute("DELETE FROM record WHERE kind = ? AND owner = ? AND number = ?", key)
        for kind in OWNED.get(key.kind, ()):
            self._connection.execute("DELETE FROM record WHERE kind = ? AND owner = ?", (kind, key.number))

    def _trim(self, newest: Sample) -> None:
        oldest = key_of(Sample(newest.pool_number, newest.moment - KEPT, {}))
        self._connection.execute("DELETE FROM record WHERE kind = ? AND owner = ? AND number < ?", oldest)

    def _write_facts(self, account: Account) -> None:
        facts = [("etag", str(account.last_etag)), ("number", str(account.last_number))]
        if account.now is not None:
            facts.append(("now", account.now.isoformat()))
        self._connection.executemany("INSERT OR REPLACE INTO fact VALUES (?, ?)", facts)
