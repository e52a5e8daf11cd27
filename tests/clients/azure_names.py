"""A proxy that leads Azure's names to an emulator, for clients that know no other address."""

from __future__ import annotations

import socket
import socketserver
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

MANAGEMENT = "management.azure.com"


class _Tunnel(socketserver.StreamRequestHandler):
    """One connection: whatever host it asks for, it gets the emulator."""

    emulator: tuple[str, int]

    def handle(self) -> None:
        """Answer ``CONNECT``, and pass bytes on, both ways, until one side has no more."""
        while self.rfile.readline().strip():
            pass
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(self.emulator) as emulator:
            back = threading.Thread(target=_pass_on, args=(emulator, self.connection))
            back.start()
            _pass_on(self.connection, emulator)
            back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def azure_names(endpoint: str) -> Iterator[dict[str, str]]:
    """Run the proxy.

    :param endpoint: of the emulator
    :return: the environment of a client that uses it
    """
    address = urlsplit(endpoint)
    handler = type("Tunnel", (_Tunnel,), {"emulator": (address.hostname, address.port)})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            # In small letters: those count before others that a machine may have.
            yield {
                "https_proxy": f"http://127.0.0.1:{server.server_address[1]}",
                "no_proxy": "127.0.0.1",
            }
        finally:
            server.shutdown()
            thread.join()
