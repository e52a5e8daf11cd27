"""One running emulator: in this process's main loop, or on a thread for tests.

``EmulatorServer`` is the public form for tests and tools::

    with EmulatorServer(data=folder, clock=ManualClock()) as emulator:
        client = BatchClient(emulator.endpoint, AzureNamedKeyCredential(emulator.account, emulator.key))
        emulator.advance(timedelta(minutes=5))
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from azure_batch_emulator.advance import advance
from azure_batch_emulator.clock import Clock, ManualClock, ScaledClock, SystemClock
from azure_batch_emulator.runner.container_engine import ContainerEngine
from azure_batch_emulator.runner.engine_containers import EngineContainers
from azure_batch_emulator.runner.images import Images
from azure_batch_emulator.runner.processes import ProcessRunner
from azure_batch_emulator.service import recovery
from azure_batch_emulator.service.engine import Engine
from azure_batch_emulator.service.reset import reset
from azure_batch_emulator.settings import Settings
from azure_batch_emulator.store import Store
from azure_batch_emulator.web_server import WebServer, address, check_controls, listen
from azure_batch_emulator.wire.app import BatchApp

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from datetime import timedelta
    from pathlib import Path
    from types import TracebackType

    from azure_batch_emulator.runner.interface import Runner
    from azure_batch_emulator.runner.launch import Containers
    from azure_batch_emulator.service.faults.faults import Faults
    from azure_batch_emulator.service.nodes.faults import NodeFaults
    from azure_batch_emulator.service.quotas import Quotas
    from azure_batch_emulator.wire.request_metrics import RequestMetrics, RequestReport

_LOG = logging.getLogger(__name__)
_Result = TypeVar("_Result")
TEST_ACCOUNT = "emulated"
TEST_KEY = "bm90LWEtc2VjcmV0LWp1c3QtYS10ZXN0LWtleQ=="
_READY_SECONDS = 30.0
_LONGEST_SLEEP_SECONDS = 60.0


def containers_from(settings: Settings) -> Containers:
    """Make what runs tasks that name an image.

    :raises BadSetting: if there is no engine that answers
    """
    if not settings.containers:
        return Images(settings.images)
    engine = ContainerEngine.find(settings.engine, os.environ)
    return EngineContainers(engine, data=settings.data.resolve(), aliases=settings.image_aliases)


class Emulator:
    """Engine, application and the loop that lets time pass, for one event loop."""

    def __init__(
        self, settings: Settings, *, clock: Clock, runner: Runner | None = None, access_log: bool = False
    ) -> None:
        settings.data.mkdir(parents=True, exist_ok=True)
        self.clock = clock
        self._settings = settings
        containers = containers_from(settings)
        self._store = Store(settings)
        account = self._store.account
        if isinstance(clock, ManualClock | ScaledClock) and account.now is not None:
            clock.catch_up(account.now)
        holds = (self._store.process_lock,)
        self.runner = runner or ProcessRunner(containers, supervisor_holds=holds)
        self.engine = Engine(settings, self.runner, now=clock.now(), account=account)
        self.engine.core.save = self._store.save
        recovery.resume(self.engine)
        self._app = BatchApp(self.engine, clock)
        self._server = WebServer(self._app, settings, access_log=access_log)
        self._app.hang_up, self._app.pause = self._server.hang_up, self._server.pause

    @property
    def metrics(self) -> RequestMetrics:
        """The counts of requests."""
        return self._app.metrics

    async def serve(self, listener: socket.socket, *, ready: Callable[[], None]) -> None:
        """Serve until ``stop``; on the way out every process is ended."""
        loop = asyncio.get_running_loop()
        wake = asyncio.Event()
        self.engine.core.url = address(listener, self._settings)
        self.engine.core.wake = lambda: _call_soon(loop, wake.set)
        time_passing = asyncio.create_task(self._let_time_pass(wake))
        self._server.on_start = ready
        try:
            await self._server.serve(sockets=[listener])
        finally:
            time_passing.cancel()
            await asyncio.to_thread(self.runner.close)
            listener.close()
            self._store.close()

    def stop(self) -> None:
        """Make ``serve`` return soon; call it on the loop's own thread."""
        self._server.stopping.set()

    async def _let_time_pass(self, wake: asyncio.Event) -> None:
        while True:
            wake.clear()
            try:
                self.engine.advance(to=self.clock.now())
            except Exception:  # noqa: BLE001  a fault must not stop the clock for everybody; it is logged
                _LOG.exception("the emulator could not do what was due")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), self._nap())

    def _nap(self) -> float | None:
        moment = self.engine.core.timers.next_moment()
        seconds = None if moment is None else self.clock.seconds_until(moment)
        return None if seconds is None else min(seconds, _LONGEST_SLEEP_SECONDS)


def _call_soon(loop: asyncio.AbstractEventLoop, action: Callable[[], Any]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to wake
        loop.call_soon_threadsafe(action)


class _OnEngineThread:
    """Passes the methods of a part of the engine on to the engine's own thread."""

    def __init__(self, server: EmulatorServer, part: Callable[[Engine], object]) -> None:
        self._server, self._part = server, part

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def method(*arguments: Any, **named: Any) -> Any:
            return self._server.call(lambda engine: getattr(self._part(engine), name)(*arguments, **named))

        return method


class EmulatorServer:
    """An emulator on a thread of this process, on a free loopback port."""

    def __init__(
        self,
        *,
        data: Path,
        clock: Clock | None = None,
        runner: Runner | None = None,
        host: str = "127.0.0.1",
        account: str = TEST_ACCOUNT,
        key: str = TEST_KEY,
        **settings: Any,
    ) -> None:
        """Prepare an emulator; entering the context starts it.

        :param data: folder of the account's state and files; one that was used before is gone on with
        :param clock: the system's unless given; ``advance`` needs a ``ManualClock``, which is moved on
            to the moment the state was kept at
        :param runner: what runs attempts; real processes unless given
        :param settings: further fields of ``Settings``
        """
        self.account = account
        self.key = key
        self.clock: Clock = clock or SystemClock()
        self.settings = Settings(account=account, key=key, data=data, **settings)
        self.endpoint = ""
        self._host = host
        self._runner = runner
        self._emulator: Emulator | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="azure-batch-emulator", daemon=True)
        self._fault: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(_READY_SECONDS) or self._fault is not None:
            raise RuntimeError("the emulator did not start") from self._fault
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._emulator is not None and self._loop is not None:
            _call_soon(self._loop, self._emulator.stop)
        self._thread.join()

    def call(self, action: Callable[[Engine], _Result]) -> _Result:
        """Do something with the engine on its own thread and return the outcome."""
        engine, outcome = self._running().engine, Future[_Result]()

        def act() -> None:
            try:
                engine.advance(to=self.clock.now())
                result = action(engine)
                engine.settle()
                outcome.set_result(result)
            except Exception as problem:  # noqa: BLE001  handed to the caller's thread
                outcome.set_exception(problem)

        if self._loop is not None:
            self._loop.call_soon_threadsafe(act)
        return outcome.result(_READY_SECONDS)

    @property
    def faults(self) -> Faults:
        """Give the injected faults that are still to happen, to be used from this thread."""
        return cast("Faults", _OnEngineThread(self, lambda engine: engine.faults))

    @property
    def node_faults(self) -> NodeFaults:
        """Give what can befall nodes at once, to be used from this thread."""
        return cast("NodeFaults", _OnEngineThread(self, lambda engine: engine.node_faults))

    @property
    def quotas(self) -> Quotas:
        """Give the account's quotas, to be changed from this thread."""
        return cast("Quotas", _OnEngineThread(self, lambda engine: engine.quotas))

    def requests(self) -> RequestReport:
        """Tell which requests were answered since the start, or since ``reset_requests``."""
        return self.call(lambda _: self._running().metrics.report())

    def reset_requests(self) -> None:
        """Start counting requests from zero."""
        self.call(lambda engine: self._running().metrics.reset(engine.core.now))

    def reset(self) -> None:
        """Begin anew: no pools, no jobs, no faults, first quotas; time goes on."""
        self.call(reset)
        self.reset_requests()

    def advance(self, by: timedelta) -> None:
        """Turn the manual clock and return when everything that fell due is done.

        With a ``ScriptedRunner`` time stops at every moment at which something falls due, until all
        that follows from it is done. Real processes take their own time; poll for their effects.

        :raises TypeError: if the clock is not a manual one
        """
        if not isinstance(self.clock, ManualClock):
            raise TypeError("only a ManualClock can be turned")
        advancing = advance(self._running().engine, self.clock, by)
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(advancing, self._loop).result()

    def _running(self) -> Emulator:
        if self._emulator is None:
            raise RuntimeError("the emulator is not running")
        return self._emulator

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as problem:  # noqa: BLE001  told to the thread that waits for the start
            self._fault = problem
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        listener = listen(self._host, 0)
        self.endpoint = address(listener, self.settings)
        try:
            check_controls(self.settings, listener)
            self._emulator = Emulator(self.settings, clock=self.clock, runner=self._runner)
        except BaseException:
            listener.close()
            raise
        await self._emulator.serve(listener, ready=self._ready.set)
