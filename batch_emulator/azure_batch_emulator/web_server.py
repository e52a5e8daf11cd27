"""The HTTP side of one emulator: the socket, its address, and a web server that can be stopped cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import uvicorn

from azure_batch_emulator.connections import LimitedProtocol
from azure_batch_emulator.errors import BadSetting
from azure_batch_emulator.wire.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure_batch_emulator.settings import Settings
    from azure_batch_emulator.wire.app import BatchApp

_GRACEFUL_SECONDS = 2.0
_POLL_SECONDS = 0.005
_QUIET_LOOKS = 3


def listen(host: str, port: int) -> socket.socket:
    """Open the socket to serve on; port 0 takes a free one.

    :raises OSError: if the address is taken, or not this machine's
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only of a socket that says it is TCP does asyncio turn Nagle's waiting off: 40 ms an answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def address(listener: socket.socket, settings: Settings) -> str:
    """Write the URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    scheme = "https" if settings.certificate else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def check_controls(settings: Settings, listener: socket.socket) -> None:
    """Refuse to let whoever reaches this machine make things fail.

    :raises BadSetting: if controls without a token are wanted on an address that others can reach
    """
    host = listener.getsockname()[0]
    if settings.controls and not settings.control_token and not is_loopback(host):
        raise BadSetting(
            f"controls without AZURE_BATCH_EMULATOR_CONTROL_TOKEN are for loopback only, as they ask for no "
            f"key; {host} can be reached by others"
        )


class WebServer(uvicorn.Server):
    """A server that leaves signals to whoever started it, and says when it listens."""

    def __init__(self, app: BatchApp, settings: Settings, *, access_log: bool) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=partial(LimitedProtocol, settings=settings),  # type: ignore[arg-type]  # it is only called
                timeout_keep_alive=math.ceil(settings.idle_timeout.total_seconds()),
                log_config=None,
                access_log=access_log,
                lifespan="off",
                server_header=False,
                date_header=False,  # the service's own clock tells the date
                ssl_certfile=settings.certificate,
                ssl_keyfile=settings.certificate_key,
            )
        )
        self.on_start: Callable[[], None] = lambda: None
        self.stopping = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        self.on_start()

    def hang_up(self, client: tuple[str, int]) -> None:
        """Close the connection from an address at once, whatever is still to be sent."""
        for connection in self.server_state.connections:
            # One of uvicorn's protocols, which is not used here, knows no client.
            if getattr(connection, "client", None) == client and connection.transport is not None:
                connection.transport.abort()

    async def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)

    async def main_loop(self) -> None:
        """Wait to be stopped; there is nothing to do meanwhile."""
        await self.stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, let answers under way finish, and close the connections."""
        loop = asyncio.get_running_loop()
        for listener in (listener for server in self.servers for listener in server.sockets):
            loop.remove_reader(listener)
        # asyncio drops a connection it has accepted, and leaves it open, if its server closes just then.
        await asyncio.sleep(_POLL_SECONDS)
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        deadline, quiet = time.monotonic() + _GRACEFUL_SECONDS, 0
        # Uvicorn tells nobody when the last connection closes, and learns of one that was just accepted
        # a few turns of the loop later; hence the polling, and more than one look.
        while quiet < _QUIET_LOOKS and time.monotonic() < deadline:
            for connection in list(self.server_state.connections):
                _end(connection)
            quiet = 0 if self.server_state.connections else quiet + 1
            await asyncio.sleep(_POLL_SECONDS)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever started the emulator."""
        yield


def _end(connection: Any) -> None:
    """Close a connection once its answer is sent; over TLS, whether or not the client says goodbye."""
    transport = connection.transport
    if transport is not None and transport.is_closing() and not transport.get_write_buffer_size():
        transport.abort()
    else:
        connection.shutdown()
