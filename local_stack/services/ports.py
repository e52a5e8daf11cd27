"""Loopback ports that stay the same from one start to the next, so that bookmarks keep working."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_stack.services.private_files import write_private

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of a stack.

    :param file: remembers them; None for any free ports
    """

    file: Path | None = None

    def of(self, name: str) -> int:
        """Return the port of a part from last time, or a free one if it had none or the port is in use.

        :param name: of the part
        :return: 0 for any free port, if no ports are remembered
        """
        if self.file is None:
            return 0
        known = _known(self.file)
        port = known.get(name, 0)
        if not (port and is_free(port)):
            port = free_port()
        write_private(self.file, json.dumps({**known, name: port}))
        return port


def _known(file: Path) -> dict[str, int]:
    try:
        return {str(name): int(port) for name, port in json.loads(file.read_text()).items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}  # a damaged file is replaced


ANY_PORTS = Ports()
"""Any free ports, for a stack whose addresses need not stay the same."""


def free_port() -> int:
    """Return a loopback port that is currently free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server can listen on a loopback port now."""
    with socket.socket() as probe:
        # As servers do, because a port in TIME_WAIT can be used again.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
