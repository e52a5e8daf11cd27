"""Setting up a checkout."""

from __future__ import annotations

import importlib.util
import sys
import venv
from pathlib import Path

import pytest

from local_stack import bootstrap
from local_stack.bootstrap import SetupError


def test_a_python_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says which version was found and what to do."""
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(SetupError, match=r"Python 3\.9 is too old.*make PYTHON="):
        bootstrap.check_python()


def test_the_bootstrap_reads_as_an_old_python() -> None:
    """An old Python must be able to parse it, or it could not print the error about its version."""
    source = (bootstrap.ROOT / "local_stack" / "bootstrap.py").read_text()
    compile(source, "bootstrap.py", "exec", dont_inherit=True, flags=0x1000000, _feature_version=7)


def test_what_is_made_is_made_once_per_lock(tmp_path: Path) -> None:
    """Nothing is installed again until the lock file changes; then it is rebuilt from scratch."""
    lock, folder, calls = tmp_path / "lock.txt", tmp_path / "made", []
    lock.write_text("a==1\n")

    def make(target: Path) -> None:
        calls.append(target.exists())
        target.mkdir()

    assert bootstrap.made("a thing", folder, lock, make)
    assert not bootstrap.made("a thing", folder, lock, make)
    lock.write_text("a==2\n")
    assert bootstrap.made("a thing", folder, lock, make)
    assert calls == [False, False]


def test_an_interrupted_set_up_is_done_again(tmp_path: Path) -> None:
    """A folder without its stamp is incomplete."""
    lock, folder = tmp_path / "lock.txt", tmp_path / "made"
    lock.write_text("a==1\n")
    folder.mkdir()
    assert bootstrap.made("a thing", folder, lock, lambda target: target.mkdir())


def test_a_failed_command_shows_its_end() -> None:
    """The error shows the end of the failed command's output."""
    with pytest.raises(SetupError, match="no such disk"):
        bootstrap.run(["/bin/sh", "-c", "echo no such disk; exit 3"])


def test_uv_is_installed_with_its_hashes() -> None:
    """The first package comes from the same lock file as the others."""
    lines = bootstrap.pinned("uv").splitlines()
    assert lines[0].startswith("uv==")
    assert all("--hash=sha256:" in line for line in lines[1:])
    with pytest.raises(SetupError, match="does not pin"):
        bootstrap.pinned("no-such-package")


def test_what_is_installed_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No process compiles Airflow again, even where Python may not write bytecode."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    folder, lock = tmp_path / "venv", tmp_path / "lock.txt"
    venv.create(folder)
    lock.write_text(bootstrap.pinned("iniconfig"))
    bootstrap.install(bootstrap.python_of(folder), lock)
    (package,) = folder.glob("lib/python*/site-packages/iniconfig")
    for source in package.glob("*.py"):
        assert Path(importlib.util.cache_from_source(str(source))).is_file()
