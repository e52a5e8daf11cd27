"""An unusable state file is refused in one sentence and left as it is."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from azure_batch_emulator.errors import BadState
from azure_batch_emulator.settings import Settings
from azure_batch_emulator.store import Store
from azure_batch_emulator.store.folder_lock import FolderLock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.batch_emulator.bench import Bench
    from tests.batch_emulator.store.program import Program


def execute(file: Path, statement: str) -> None:
    """Tamper with a state file."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(statement)


def change_row(kind: str, body: str) -> Callable[[Path], None]:
    """Return a function that corrupts the rows of a kind."""
    return lambda file: execute(file, f"UPDATE record SET body = '{body}' WHERE kind = '{kind}'")  # noqa: S608  our own words


def spoil_pages(file: Path) -> None:
    """Overwrite the middle of a file."""
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    file.write_bytes(content)


def lose_file(file: Path) -> None:
    """Remove a file and leave something that resembles its log."""
    file.rename(file.with_name("state.sqlite3-wal"))


SPOILED = [
    pytest.param(lambda file: file.write_bytes(b""), "the file is empty", id="empty"),
    pytest.param(lambda file: file.write_bytes(b"no database" * 1000), "not a database", id="garbage"),
    pytest.param(lambda file: file.write_bytes(file.read_bytes()[:5000]), "malformed", id="cut"),
    pytest.param(spoil_pages, "state.sqlite3", id="pages"),
    pytest.param(lambda file: execute(file, "DROP TABLE fact"), "no such table", id="table"),
    pytest.param(change_row("job", "{"), "JSONDecodeError", id="json"),
    pytest.param(change_row("job", "[1]"), "a Job is no list", id="list"),
    pytest.param(change_row("task", '{"id":"t","colour":"red"}'), "Task has no field", id="field"),
    pytest.param(change_row("task", '{"state":"green"}'), "not a valid TaskState", id="value"),
    pytest.param(lambda file: execute(file, "DELETE FROM record WHERE kind = 'job'"), "KeyError", id="owner"),
    pytest.param(
        lambda file: execute(file, "UPDATE fact SET value = 3 WHERE name = 'format'"),
        "it has format 3, this one reads format 2",
        id="newer",
    ),
    pytest.param(lose_file, "is missing, though its log", id="missing"),
]


@pytest.fixture
def kept(bench_of: Callable[..., Bench], tmp_path: Path) -> Path:
    """Return a folder on which an emulator has run."""
    bench = bench_of(data=tmp_path / "data")
    bench.pool(nodes=1)
    bench.job()
    bench.run("/bin/true")
    bench.emulator.__exit__(None, None, None)
    return tmp_path / "data"


def content_of(folder: Path) -> dict[str, bytes]:
    """Read the files that contain the state; SQLite's shared memory has none of it."""
    files = [file for file in folder.glob("state*") if not file.name.endswith("-shm")]
    return {
        file.name: file.read_bytes()
        for file in files
        if file.stat().st_size or not file.name.endswith("-wal")
    }


@pytest.mark.parametrize(("spoil", "sentence"), SPOILED)
def test_unreadable_file_is_refused_and_left_alone(
    kept: Path, spoil: Callable[[Path], None], sentence: str
) -> None:
    """The error names file and reason, and no byte changes."""
    file = kept / "state.sqlite3"
    spoil(file)
    before = content_of(kept)
    settings = Settings(account="emulated", key="a2V5", data=kept)
    for _ in range(2):
        with pytest.raises(BadState) as refused:
            Store(settings)
        assert sentence in str(refused.value)
        assert str(file) in str(refused.value)
        assert "\n" not in str(refused.value)
    assert content_of(kept) == before


def test_program_refuses_the_folder_of_another_account(program: Program) -> None:
    """A folder belongs to one account; under another name it is refused unchanged."""
    process = program.start()
    program.pool(nodes=0)
    program.end(process, signal.SIGTERM)
    sentence = program.refused(account="other")
    assert "belongs to the account 'acct', not 'other'" in sentence
    program.start()
    assert [pool.id for pool in program.client.list_pools()] == ["pool"]


def test_program_refuses_an_unreadable_file(program: Program) -> None:
    """One line on the corrupt file, and exit code 2."""
    process = program.start()
    program.end(process, signal.SIGKILL)
    (program.data / "state.sqlite3").write_bytes(b"no database" * 1000)
    assert str(program.data / "state.sqlite3") in program.refused()


def test_wait_for_processes_of_an_earlier_emulator_ends(tmp_path: Path) -> None:
    """If those processes do not end, the folder is refused, and free for the next try."""
    first = FolderLock(tmp_path)
    os.close(first._files.pop(0))
    with pytest.raises(BadState, match="task processes of an earlier emulator"):
        FolderLock(tmp_path, wait_seconds=0.1)
    first.release()
    FolderLock(tmp_path).release()


def test_only_the_owner_can_read_the_state(kept: Path, bench_of: Callable[..., Bench]) -> None:
    """State and logs contain secrets of tasks' environments."""
    bench = bench_of(data=kept)
    bench.job("another")
    assert {file.stat().st_mode & 0o777 for file in kept.glob("state*")} == {0o600}


def test_interrupted_making_of_the_file_is_made_good(tmp_path: Path) -> None:
    """A file left incomplete by a kill is created again."""
    (tmp_path / "state.sqlite3.new").write_bytes(b"half")
    settings = Settings(account="emulated", key="a2V5", data=tmp_path)
    for _ in range(2):
        store = Store(settings)
        assert not store.account.jobs
        store.close()


def test_file_of_an_older_format_is_brought_up_to_date(kept: Path) -> None:
    """An older program then knows that it cannot read what was written since."""
    file = kept / "state.sqlite3"
    execute(file, "UPDATE fact SET value = 1 WHERE name = 'format'")
    store = Store(Settings(account="emulated", key="a2V5", data=kept))
    store.close()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT value FROM fact WHERE name = 'format'").fetchone() == ("2",)
