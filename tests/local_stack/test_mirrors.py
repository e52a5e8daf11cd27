"""Packages come from the mirror that one variable names for pip and uv, and another one for npm."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from local_stack import bootstrap
from local_stack.bootstrap import ROOT, SetupError
from local_stack.images import IMAGES
from tests.support.receivers import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INDEX = "https://mirror.example/simple"


class Mirror:
    """A mirror that has nothing, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked = asked = list[str]()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_error(404)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Mirror]:
    """Serve a mirror, and name it alone; caches are empty, as they are at the first set-up."""
    for name in [name for name in os.environ if name.upper().startswith(("PIP_", "UV_", "NPM_CONFIG_"))]:
        monkeypatch.delenv(name)
    mirror = Mirror()
    for name, value in {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": f"{mirror.address}/simple",
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "UV_NO_CONFIG": "1",
        "NPM_CONFIG_REGISTRY": mirror.address,
        "NPM_CONFIG_CACHE": str(tmp_path / "npm"),
        "NPM_CONFIG_USERCONFIG": os.devnull,
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    with served(mirror.server):
        yield mirror


def test_pip_asks_the_mirror(mirror: Mirror, tmp_path: Path) -> None:
    """It installs uv, the first package of the set-up."""
    lock = tmp_path / "uv.txt"
    lock.write_text(bootstrap.pinned("uv"))
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-cache-dir"]
    with pytest.raises(SetupError, match="No matching distribution"):
        bootstrap.run([*pip, "--require-hashes", "--target", str(tmp_path / "venv"), "-r", str(lock)])
    assert set(mirror.asked) == {"/simple/uv/"}


def test_uv_asks_the_same_mirror(mirror: Mirror, tmp_path: Path) -> None:
    """It installs all other packages, and has a variable of its own, which need not be set."""
    lock = tmp_path / "lock.txt"
    lock.write_text(bootstrap.pinned("iniconfig"))
    with pytest.raises(SetupError, match="iniconfig"):
        bootstrap.install(sys.executable, _with_another_version(lock))
    assert set(mirror.asked) == {"/simple/iniconfig/"}


def _with_another_version(lock: Path) -> Path:
    """Name a version that is not installed, so that it is looked for."""
    lock.write_text(lock.read_text().replace("iniconfig==", "iniconfig==999."))
    return lock


def test_npm_asks_the_mirror(mirror: Mirror, tmp_path: Path) -> None:
    """The lock file names no host, so that the variable decides."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "local_stack" / name, tmp_path)
    with pytest.raises(SetupError, match="404"):
        bootstrap.install_azurite(tmp_path / "node_modules")
    assert mirror.asked


@pytest.mark.parametrize("folder", ["local_stack", "ui", "docs"])
def test_no_lock_file_names_a_host(folder: str) -> None:
    """A package comes from wherever the registry of the day is, with the hash of the lock file."""
    text = (ROOT / folder / "package-lock.json").read_text()
    assert "://" not in "".join(line for line in text.splitlines() if '"resolved"' in line)


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ({"PIP_INDEX_URL": INDEX}, INDEX),
        ({"PIP_INDEX_URL": INDEX, "UV_DEFAULT_INDEX": "https://other.example"}, "https://other.example"),
        ({}, ""),
    ],
    ids=["one-for-both", "one-each", "none"],
)
def test_make_names_the_mirror_to_uv(given: dict[str, str], seen: str) -> None:
    """Linters, lock files and the browser's driver are installed by make itself."""
    environ = {
        name: value for name, value in os.environ.items() if name not in {"UV_DEFAULT_INDEX", "PIP_INDEX_URL"}
    }
    command = ["make", "--no-print-directory", "--eval", "shown: ; @echo $$UV_DEFAULT_INDEX", "shown"]
    done = subprocess.run(command, cwd=ROOT, env=environ | given, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == seen


@pytest.mark.parametrize("given", [True, False], ids=["named", "not-named"])
def test_images_are_built_with_the_mirror(given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The argument's value is the environment's; without one the Dockerfile's own choice stays."""
    program = tmp_path / "docker"
    program.write_text('#!/bin/sh\necho "$@" > "$0.said"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    if given:
        monkeypatch.setenv("PIP_INDEX_URL", INDEX)
    IMAGES[0].build("sensor-scoring:1")
    assert ("--build-arg PIP_INDEX_URL " in (tmp_path / "docker.said").read_text()) is given
