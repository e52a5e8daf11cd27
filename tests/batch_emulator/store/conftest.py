"""A folder and a port to start the program on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.batch_emulator.store.program import Program, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """Return the emulator's program, with a folder and a port of its own."""
    program = Program(tmp_path / "data", free_port())
    yield program
    program.close()
