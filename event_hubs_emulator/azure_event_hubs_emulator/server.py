"""One running emulator: in this process's main loop, or on a thread for tests.

``EventHubsServer`` is the public form for tests and tools::

    with EventHubsServer(data=folder, hubs=(HubSpec("sensors", 4),)) as emulator:
        producer = EventHubProducerClient.from_connection_string(emulator.connection_string("sensors"))
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Self, TypeVar

from azure_event_hubs_emulator.clock import SystemClock
from azure_event_hubs_emulator.errors import BadSetting, EmulatorError
from azure_event_hubs_emulator.hubs import distinct
from azure_event_hubs_emulator.service.arrivals import ArrivalsByClock, ArrivalsByEvents
from azure_event_hubs_emulator.service.broker import Broker
from azure_event_hubs_emulator.service.entities import Namespace
from azure_event_hubs_emulator.settings import Settings
from azure_event_hubs_emulator.store.hub_store import HubStore
from azure_event_hubs_emulator.wire.connection import Connection
from azure_event_hubs_emulator.wire.host import Host

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from azure_event_hubs_emulator.clock import Clock

_LOG = logging.getLogger(__name__)
_Result = TypeVar("_Result")
_READY_SECONDS = 30.0
_TICK_SECONDS, _TICKS_PER_EXPIRY = 0.5, 20
_BACKLOG = 128
_LAST_PORT = 65535


def listen(host: str, port: int) -> socket.socket:
    """Take an address.

    :raises BadSetting: if the port is none
    :raises OSError: if it cannot be had
    """
    if not 0 <= port <= _LAST_PORT:
        raise BadSetting(f"--port takes 0 to {_LAST_PORT}, not {port}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


def endpoint_of(listener: socket.socket) -> str:
    """Tell the endpoint that clients are given."""
    host, port = listener.getsockname()[:2]
    return f"sb://[{host}]:{port}" if ":" in host else f"sb://{host}:{port}"


def connection_string(endpoint: str, settings: Settings, hub: str | None = None) -> str:
    """Write what clients connect with; they leave out TLS when they read ``UseDevelopmentEmulator``."""
    entity = "" if hub is None else f";EntityPath={hub}"
    return (
        f"Endpoint={endpoint};SharedAccessKeyName={settings.policy.name};"
        f"SharedAccessKey={settings.policy.key};UseDevelopmentEmulator=true{entity}"
    )


class Emulator:
    """Store, broker and connections, for one event loop."""

    def __init__(self, settings: Settings, *, clock: Clock, endpoint: str) -> None:
        """Open the folder.

        :raises BadState: if it cannot be gone on with
        """
        self.clock = clock
        self.store = HubStore(
            settings.data,
            settings.hubs,
            now=clock.now(),
            retention=settings.retention,
            fsync=settings.fsync,
            keep_nothing=settings.keep_nothing,
        )
        namespace = Namespace(distinct(settings.hubs), host=endpoint.removeprefix("sb://"))
        arrivals = (
            ArrivalsByEvents(self.store.latest) if settings.arrivals_by_events else ArrivalsByClock(clock)
        )
        self.host = Host(Broker(namespace, self.store, clock, arrivals), settings)
        self._stopping = asyncio.Event()

    async def serve(self, listener: socket.socket, *, ready: Callable[[], None]) -> None:
        """Serve until ``stop``."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(self.host), sock=listener)
        ticking = asyncio.create_task(self._tick())
        try:
            ready()
            await self._stopping.wait()
        finally:
            ticking.cancel()
            server.close()
            self.host.close()
            await asyncio.sleep(0)  # lets what was said last leave
            self.store.close()

    def stop(self) -> None:
        """Make ``serve`` return soon; call it on the loop's own thread."""
        self._stopping.set()

    def expire(self) -> None:
        """Delete what need not be kept any longer."""
        self.store.expire(now=self.host.broker.arrivals.now())

    async def _tick(self) -> None:
        count = 0
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            try:
                self.host.tick()
                if count % _TICKS_PER_EXPIRY == 0:
                    self.expire()
            except Exception:  # noqa: BLE001  the next round may do; it is logged
                _LOG.exception("time-outs and retention could not be looked after")
            count += 1


class EventHubsServer:
    """An emulator on a thread of this process."""

    def __init__(
        self,
        *,
        data: Path,
        clock: Clock | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        **settings: Any,
    ) -> None:
        """Prepare an emulator; entering the context starts it.

        :param data: folder of the events; one that was used before is gone on with
        :param clock: the system's unless given
        :param port: a free one unless given
        :param settings: further fields of ``Settings``
        """
        self.settings = Settings(data=data, **settings)
        self.endpoint = ""
        self.port = port
        self._clock = clock or SystemClock()
        self._host = host
        self._emulator: Emulator | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="azure-event-hubs-emulator", daemon=True)
        self._fault: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(_READY_SECONDS):
            raise RuntimeError("the emulator did not start")
        if isinstance(self._fault, EmulatorError):
            raise self._fault
        if self._fault is not None:
            raise RuntimeError("the emulator did not start") from self._fault
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._emulator is not None and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: it has stopped
                self._loop.call_soon_threadsafe(self._emulator.stop)
        self._thread.join()

    def connection_string(self, hub: str | None = None) -> str:
        """Write what clients connect with."""
        return connection_string(self.endpoint, self.settings, hub)

    def call(self, action: Callable[[Emulator], _Result]) -> _Result:
        """Do something with the emulator on its own thread and return the outcome.

        :raises RuntimeError: if it is not running
        """
        emulator, loop, outcome = self._emulator, self._loop, Future[_Result]()
        if emulator is None or loop is None:
            raise RuntimeError("the emulator is not running")

        def act() -> None:
            try:
                outcome.set_result(action(emulator))
            except Exception as problem:  # noqa: BLE001  handed to the caller's thread
                outcome.set_exception(problem)

        loop.call_soon_threadsafe(act)
        return outcome.result(_READY_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as problem:  # noqa: BLE001  told to the thread that waits for the start
            self._fault = problem
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        listener = listen(self._host, self.port)
        self.endpoint, self.port = endpoint_of(listener), listener.getsockname()[1]
        try:
            self._emulator = Emulator(self.settings, clock=self._clock, endpoint=self.endpoint)
        except BaseException:
            listener.close()
            raise
        await self._emulator.serve(listener, ready=self._ready.set)
