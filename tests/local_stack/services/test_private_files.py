"""Secrets that only their owner may read."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from local_stack.services.private_files import private_folder, private_log, write_private

if TYPE_CHECKING:
    from pathlib import Path


def mode_of(path: Path) -> int:
    """Return the permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_secret_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    """Even if a readable file was there before."""
    file = tmp_path / "secret"
    file.write_text("old")
    file.chmod(0o644)
    write_private(file, "new")
    assert (mode_of(file), file.read_text()) == (0o600, "new")
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_was_open_is_closed(tmp_path: Path) -> None:
    """What programs write into it later is out of reach of others."""
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    assert mode_of(private_folder(folder)) == 0o700


def test_a_log_begins_anew_and_for_its_owner_alone(tmp_path: Path) -> None:
    """Logs name ports and paths, so a file that others can read is replaced, not appended to."""
    file = tmp_path / "up.log"
    file.write_text("old")
    file.chmod(0o644)
    with private_log(file) as log:
        log.write(b"new")
    assert (mode_of(file), file.read_text()) == (0o600, "new")
