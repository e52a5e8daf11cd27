"""Ports that persist across starts."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from local_stack.services.ports import ANY_PORTS, Ports

if TYPE_CHECKING:
    from pathlib import Path


def test_a_part_has_the_port_that_it_had_last_time(tmp_path: Path) -> None:
    """Each part gets its own port back at the next start."""
    first = {name: Ports(tmp_path / "ports.json").of(name) for name in ("azurite", "api-server")}
    again = {name: Ports(tmp_path / "ports.json").of(name) for name in ("api-server", "azurite")}
    assert again == first
    assert first["azurite"] != first["api-server"]


def test_a_port_that_somebody_else_has_is_given_up(tmp_path: Path) -> None:
    """If its port is taken, a part gets another one and keeps that."""
    ports = Ports(tmp_path / "ports.json")
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        (tmp_path / "ports.json").write_text(f'{{"azurite": {taken}}}')
        chosen = ports.of("azurite")
    assert chosen != taken
    assert ports.of("azurite") == chosen


def test_a_damaged_file_is_replaced(tmp_path: Path) -> None:
    """New ports are chosen."""
    (tmp_path / "ports.json").write_text("[1, 2")
    assert Ports(tmp_path / "ports.json").of("azurite") > 0


def test_a_stack_that_nobody_notes_takes_any_port() -> None:
    """Without a file, parts let the system choose free ports, which avoids races."""
    assert ANY_PORTS.of("azurite") == 0
