"""Loopback ports, the same from one start to the next: addresses that people have noted stay good."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_stack.private_files import write_private

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of a stack.

    :param file: remembers them; None for any free ones
    """

    file: Path | None = None

    def of(self, name: str) -> int:
        """Return the port that a part had last time, or a free one if it had none or somebody else has it.

        :return: 0 for any free one, if nothing is remembered
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
        return {}  # an altered file is replaced by what is chosen now


ANY_PORTS = Ports()
"""Whatever is free, for a stack that nobody notes the addresses of."""


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen on a loopback port now."""
    with socket.socket() as probe:
        # As servers do: a port that only waits for the last packets of a former one is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
