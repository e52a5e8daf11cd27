"""The fleet page's bundle: it is what its sources make, small, and its own tests pass."""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from local_stack.bootstrap import ROOT, VENV

if TYPE_CHECKING:
    from pathlib import Path

UI = ROOT / "ui"
STATIC = ROOT / "plugins" / "sensor_scoring" / "ui" / "static"
BUDGET = 250_000
"""Bytes of the whole page, as it is sent."""


def npm(*words: str) -> str:
    """Run one of the page's scripts; return what it printed."""
    if not (UI / "node_modules" / ".installed").exists():
        pytest.fail("the tools that build the fleet page are not installed: run make ui")
    environ = {**os.environ, "PATH": f"{VENV / 'bin'}:{os.environ['PATH']}", "NO_COLOR": "1"}
    done = subprocess.run(
        ["npm", "run", "--silent", *words], cwd=UI, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files_in(folder: Path) -> dict[str, bytes]:
    """Return a folder's files."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*")}


def digests_in(folder: Path) -> dict[str, str]:
    """Return a digest of each file: of two long lines, pytest would show the difference for minutes."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in files_in(folder).items()}


def test_the_bundle_is_what_the_sources_make(tmp_path: Path) -> None:
    """Whoever changes the page commits its bundle, and nobody else's machine builds another one."""
    npm("build", "--", "--outDir", str(tmp_path / "static"))
    assert digests_in(tmp_path / "static") == digests_in(STATIC), "the bundle is outdated: run make ui"


def test_the_bundle_is_small() -> None:
    """A page that is opened over a bad line all day."""
    sent = {name: len(gzip.compress(content)) for name, content in files_in(STATIC).items()}
    assert set(sent) == {"fleet.js", "fleet.css"}
    assert sum(sent.values()) < BUDGET, sent


def test_the_page_passes_its_own_tests() -> None:
    """What they assert is in ``ui/test``."""
    assert "passed" in npm("test")
