"""The ASGI application: from bytes to a request, from a response to bytes."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette import responses

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import http_date, stamp
from azure_batch_emulator.service.faults.effects import Drop
from azure_batch_emulator.wire.arm.management_plane import ManagementPlane, is_management
from azure_batch_emulator.wire.arm.routes import MANAGEMENT_ROUTES
from azure_batch_emulator.wire.control.control_plane import ControlPlane, is_control
from azure_batch_emulator.wire.data_plane import DataPlane
from azure_batch_emulator.wire.request import Request, read_query
from azure_batch_emulator.wire.request_metrics import NO_RESPONSE, UNKNOWN, RequestMetrics
from azure_batch_emulator.wire.response import DeferredResponse, Response
from azure_batch_emulator.wire.routes import ROUTES
from azure_batch_emulator.wire.supported_images import supported_images

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from azure_batch_emulator.clock import Clock
    from azure_batch_emulator.service.engine import Engine
    from azure_batch_emulator.wire.plane import Plane
    from azure_batch_emulator.wire.route_table import Route

_LOG = logging.getLogger(__name__)
LARGEST_BODY = 1 << 20
HEALTH = "/health"
"""Answered unsigned, to health checks, by the thread that changes records: an answer says that it works."""
_NO_BODY = frozenset({204, 304})


@dataclass(slots=True)
class _Exchange:
    """What is found out about a request while it is handled."""

    operation: str | None = UNKNOWN
    """None for one that is not counted."""
    delay_seconds: float = 0.0
    is_dropped: bool = False


class BatchApp:
    """Answers HTTP requests from one engine.

    Starlette does the sending; routing is our own, because paths are matched as sent, still encoded.
    """

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.hang_up: Callable[[tuple[str, int]], None] = lambda _: None
        """Closes the connection from an address at once; whoever serves knows how."""
        self.pause: Callable[[float], Awaitable[None]] = asyncio.sleep
        """Delays a response by so many seconds."""
        supported_images(engine.core.settings.supported_images)  # a file that holds none is known at once
        self._engine = engine
        self._clock = clock
        self._data_plane = DataPlane(engine.core.settings)
        self._management_plane = ManagementPlane(engine.core.settings)
        self.metrics = RequestMetrics(engine.core.now)
        self._controls = (
            ControlPlane(engine, clock, self.metrics) if engine.core.settings.has_controls else None
        )
        engine.faults.operations = frozenset(route.operation for route in (*ROUTES, *MANAGEMENT_ROUTES))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request_id = str(uuid.uuid4())
        plane = self._plane_of(scope)
        rendered, exchange = None, _Exchange()
        try:
            content = await _read(receive, headers)
            if content is None:
                return
            response = await self._respond(plane, scope, headers, content, exchange)
            rendered = self._rendered(plane, response, scope["method"], headers, request_id)
        except ApiError as error:
            response = self._error_response(plane, error, scope, headers, request_id)
        except Exception:  # noqa: BLE001  the edge of the server: a fault of ours is a 500 and a logged traceback
            _LOG.exception("%s %s failed", scope["method"], scope["raw_path"].decode("latin-1"))
            fault = ApiError(500, "InternalError", "Server encountered an internal error.")
            response = self._error_response(plane, fault, scope, headers, request_id)
        rendered = rendered or self._rendered(plane, response, scope["method"], headers, request_id)
        self._count(response, rendered, exchange)
        try:
            await self._send(rendered, exchange, scope, receive, send)
        finally:
            if response.file is not None:
                response.file.close()

    async def _send(
        self, rendered: responses.Response, exchange: _Exchange, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if exchange.delay_seconds:
            await self.pause(exchange.delay_seconds)
        if exchange.is_dropped:
            self.hang_up(scope["client"])
            while (await receive())["type"] != "http.disconnect":
                pass  # else the server would notice that there is no response, and send one
        else:
            await rendered(scope, receive, send)

    async def _respond(
        self, plane: Plane, scope: Scope, headers: Mapping[str, str], content: bytes, exchange: _Exchange
    ) -> Response:
        raw_path: str = scope["raw_path"].decode("latin-1")
        if raw_path == HEALTH and scope["method"] in {"GET", "HEAD"}:
            exchange.operation = None
            return Response(200, {"status": "ok"})
        if self._controls is not None and is_control(raw_path):
            exchange.operation = None
            self._engine.advance(to=self._clock.now())
            base = _base(scope, headers)
            response = await self._controls.respond(scope["method"], raw_path, headers, content, base=base)
            self._engine.settle()
            return response
        raw_query: str = scope["query_string"].decode("latin-1")
        plane.admit(scope["method"], raw_path, raw_query, headers)
        target = plane.find(scope["method"], raw_path)
        exchange.operation = target.route.operation
        query = read_query(raw_query)
        plane.check(target, query)
        request = Request(
            engine=self._engine,
            base=_base(scope, headers) + target.prefix,
            path=target.path,
            parameters=target.parameters,
            query=query,
            headers=headers,
            content=content,
        )
        found = self._carry_out(target.route, request, exchange)
        return await asyncio.to_thread(found.make) if isinstance(found, DeferredResponse) else found

    def _carry_out(self, route: Route, request: Request, exchange: _Exchange) -> Response | DeferredResponse:
        fault = self._engine.faults.request_fault(route.operation)
        exchange.delay_seconds, exchange.is_dropped = fault.delay_seconds, fault.drop is not None
        if fault.error is not None:
            raise fault.error
        if fault.drop is Drop.BEFORE:
            return Response(NO_RESPONSE)
        self._engine.advance(to=self._clock.now())
        response = route.handler(request)
        if route.method not in {"GET", "HEAD"}:
            self._engine.settle()
        return response

    def _count(self, response: Response, rendered: responses.Response, exchange: _Exchange) -> None:
        if exchange.operation is None:
            return
        if exchange.is_dropped:
            self.metrics.note(exchange.operation, NO_RESPONSE, 0)
            return
        whole_file = response.file is not None and isinstance(rendered, responses.StreamingResponse)
        sent = response.file.length if response.file is not None and whole_file else len(rendered.body)
        self.metrics.note(exchange.operation, response.status, sent)

    def _plane_of(self, scope: Scope) -> Plane:
        return (
            self._management_plane if is_management(scope["raw_path"].decode("latin-1")) else self._data_plane
        )

    def _error_response(
        self, plane: Plane, error: ApiError, scope: Scope, headers: Mapping[str, str], request_id: str
    ) -> Response:
        trace = f"RequestId:{request_id}\nTime:{stamp(self._clock.now())}"
        body = plane.error_json(error, _base(scope, headers), trace)
        return Response(error.status, body, dict(error.headers))

    def _rendered(
        self, plane: Plane, response: Response, method: str, headers: Mapping[str, str], request_id: str
    ) -> responses.Response:
        common = {
            plane.request_id_header: request_id,
            "Date": http_date(self._clock.now()),
            "Server": "azure-batch-emulator",
            **response.headers,
        }
        if headers.get("return-client-request-id", "").lower() == "true" and "client-request-id" in headers:
            common["client-request-id"] = headers["client-request-id"]
        if method == "HEAD" or response.status in _NO_BODY:
            return responses.Response(status_code=response.status, headers=common)
        if response.file is not None:
            return responses.StreamingResponse(response.file.pieces(), response.status, headers=common)
        if response.json is None:
            return responses.Response(response.content, response.status, headers=common)
        content = json.dumps(response.json, separators=(",", ":")).encode()
        return responses.Response(content, response.status, headers=common, media_type=plane.media_type)


async def _read(receive: Receive, headers: Mapping[str, str]) -> bytes | None:
    """Read the body; None if the client went before it was all there, so that nothing is done."""
    too_large = ApiError(413, "RequestBodyTooLarge", "The size of the request body exceeds the maximum size.")
    refused = int(headers.get("content-length") or 0) >= LARGEST_BODY
    content = bytearray()
    while True:
        message = await receive()
        if not refused:
            content += message.get("body", b"")
        refused = refused or len(content) >= LARGEST_BODY
        if message["type"] == "http.disconnect":
            return None
        if not message.get("more_body", False):
            break
    if refused:
        raise too_large
    return bytes(content)


def _base(scope: Scope, headers: Mapping[str, str]) -> str:
    host = headers.get("host") or ":".join(str(part) for part in scope["server"])
    return f"{scope['scheme']}://{host}"
