"""PostgreSQL for the local stack."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg2
import pytest

from local_stack.bootstrap import ROOT
from local_stack.services.family import family_of, is_alive
from local_stack.services.postgres import Database, _as_somebody, running_postgres
from local_stack.services.processes import StackError
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path


def asked(database: Database, statement: str) -> list[tuple[object, ...]]:
    """Run a statement; return its rows, if any."""
    url = database.url.replace("+psycopg2", "")
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_what_was_written_is_there_the_next_time(tmp_path: Path) -> None:
    """Stopping is a clean shutdown even with a client connected, and the password stays the same."""
    with running_postgres(tmp_path / "pg", log=tmp_path / "log") as database:
        asked(database, "create table kept (what text); insert into kept values ('this')")
        open_client = psycopg2.connect(database.url.replace("+psycopg2", ""))
    open_client.close()
    assert "database system is shut down" in (tmp_path / "log").read_text()
    with running_postgres(tmp_path / "pg", log=tmp_path / "log") as again:
        assert asked(again, "select what from kept") == [("this",)]
        assert again.password == database.password
        assert again.size_bytes() > 1_000_000


def test_a_killed_server_loses_nothing_and_starts_again(tmp_path: Path) -> None:
    """Committed data is safe with the operating system, and the next start recovers."""
    with running_postgres(tmp_path / "pg", log=tmp_path / "log") as database:
        asked(database, "create table kept as select 1")
        family = family_of(database.pid)
        os.kill(database.pid, signal.SIGKILL)
        until(lambda: not database.answers())
        # Those below it notice by themselves.
        until(lambda: not any(map(is_alive, family)))
    with running_postgres(tmp_path / "pg", log=tmp_path / "log") as again:
        assert asked(again, "select * from kept") == [(1,)]


def test_only_who_knows_the_password_gets_in(tmp_path: Path) -> None:
    """Other users of the machine can reach loopback, so it asks for a password only its owner can read."""
    with running_postgres(tmp_path / "pg", log=tmp_path / "log") as database:
        stranger = Database(database.port, "wrong", database.pid)
        assert not stranger.answers()
        assert stat.S_IMODE((tmp_path / "pg" / "password").stat().st_mode) == 0o600
        assert database.password not in repr(database)


def test_whoever_starts_it_may_do_so_in_a_folder_that_nobody_else_can_reach(tmp_path: Path) -> None:
    """Even root: a user namespace hides root from PostgreSQL, and files still belong to root."""
    tmp_path.chmod(0o700)
    with running_postgres(tmp_path / "pg", log=tmp_path / "log") as database:
        assert asked(database, "select 1") == [(1,)]
    assert (tmp_path / "pg" / "data").stat().st_uid == os.geteuid()


def test_an_ordinary_user_needs_no_namespace(tmp_path: Path) -> None:
    """Other users start PostgreSQL directly, which root shows by becoming one."""
    script = (
        "import os, sys; from pathlib import Path; from local_stack.services import postgres\n"
        "folder = Path(sys.argv[1]); assert os.geteuid() != 0; assert postgres._as_somebody() == ()\n"
        "with postgres.running_postgres(folder / 'pg', log=folder / 'log') as database:\n"
        "    print(database.size_bytes())\n"
    )
    done = subprocess.run(
        [*_as_somebody(), sys.executable, "-c", script, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1_000_000


def test_root_is_told_what_to_do_where_it_cannot_be_somebody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, before anything starts."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match="run this as another user"):
        _as_somebody.__wrapped__()


def test_a_transaction_that_nobody_goes_on_with_is_ended(tmp_path: Path) -> None:
    """Its locks would keep a restarted scheduler from the runs of the one that was killed."""
    with running_postgres(tmp_path / "pg", log=tmp_path / "log") as database:
        assert asked(database, "show idle_in_transaction_session_timeout") == [("1min",)]
