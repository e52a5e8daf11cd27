"""The ASGI application: from bytes to a call, from an answer to bytes."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import Response, StreamingResponse

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import http_date, stamp
from azure_batch_emulator.service.faults.effects import Drop
from azure_batch_emulator.wire.auth import Gate
from azure_batch_emulator.wire.call import Answer, Aside, Call, read_query
from azure_batch_emulator.wire.calls import NO_ANSWER, UNKNOWN, Calls
from azure_batch_emulator.wire.control.control_plane import ControlPlane, is_control
from azure_batch_emulator.wire.routes import ROUTES, RouteTable
from azure_batch_emulator.wire.supported_images import supported_images

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from azure_batch_emulator.clock import Clock
    from azure_batch_emulator.service.engine import Engine
    from azure_batch_emulator.wire.routes import Route

_LOG = logging.getLogger(__name__)
LARGEST_BODY = 1 << 20
_JSON = "application/json;odata=minimalmetadata"
_NO_BODY = frozenset({204, 304})
_VERSION_MISSING = ApiError(
    400,
    "MissingRequiredQueryParameter",
    "A required query parameter was not specified for this request.",
    values=(("QueryParameterName", "api-version"),),
)
"""Any version will do, but there has to be one."""


@dataclass(slots=True)
class _Fate:
    """What is learnt about a request while it is answered."""

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
        """Lets an answer wait for so many seconds."""
        supported_images(engine.core.settings.supported_images)  # a file that holds none is known at once
        self._engine = engine
        self._clock = clock
        self._gate = Gate(engine.core.settings)
        self._routes = RouteTable()
        self.calls = Calls(engine.core.now)
        self._controls = ControlPlane(engine, clock, self.calls) if engine.core.settings.controls else None
        engine.faults.operations = frozenset(route.operation for route in ROUTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request_id = str(uuid.uuid4())
        response, fate = None, _Fate()
        try:
            content = await _read(receive, headers)
            if content is None:
                return
            answer = await self._answer(scope, headers, content, fate)
            response = self._response(answer, scope["method"], headers, request_id)
        except ApiError as error:
            answer = self._error_answer(error, scope, headers, request_id)
        except Exception:  # noqa: BLE001  the edge of the server: a fault of ours is a 500 and a logged traceback
            _LOG.exception("%s %s failed", scope["method"], scope["raw_path"].decode("latin-1"))
            fault = ApiError(500, "InternalError", "Server encountered an internal error.")
            answer = self._error_answer(fault, scope, headers, request_id)
        response = response or self._response(answer, scope["method"], headers, request_id)
        self._count(answer, response, fate)
        try:
            await self._send(response, fate, scope, receive, send)
        finally:
            if answer.file is not None:
                answer.file.close()

    async def _send(
        self, response: Response, fate: _Fate, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if fate.delay_seconds:
            await self.pause(fate.delay_seconds)
        if fate.is_dropped:
            self.hang_up(scope["client"])
            while (await receive())["type"] != "http.disconnect":
                pass  # else the server would notice that there is no answer, and send one
        else:
            await response(scope, receive, send)

    async def _answer(self, scope: Scope, headers: Mapping[str, str], content: bytes, fate: _Fate) -> Answer:
        raw_path: str = scope["raw_path"].decode("latin-1")
        if self._controls is not None and is_control(raw_path):
            fate.operation = None
            self._engine.advance(to=self._clock.now())
            base = _base(scope, headers)
            answer = await self._controls.answer(scope["method"], raw_path, headers, content, base=base)
            self._engine.settle()
            return answer
        raw_query: str = scope["query_string"].decode("latin-1")
        self._gate.check(scope["method"], raw_path, raw_query, headers)
        prefix, path = self._split_prefix(raw_path)
        route, parameters = self._routes.find(scope["method"], path)
        fate.operation = route.operation
        query = read_query(raw_query)
        if not query.get("api-version"):
            raise _VERSION_MISSING
        call = Call(
            engine=self._engine,
            base=_base(scope, headers) + prefix,
            path=path,
            parameters=parameters,
            query=query,
            headers=headers,
            content=content,
        )
        found = self._carry_out(route, call, fate)
        return await asyncio.to_thread(found.answer) if isinstance(found, Aside) else found

    def _carry_out(self, route: Route, call: Call, fate: _Fate) -> Answer | Aside:
        mishap = self._engine.faults.mishap(route.operation)
        fate.delay_seconds, fate.is_dropped = mishap.delay_seconds, mishap.drop is not None
        if mishap.throttle is not None:
            raise mishap.throttle.error
        if mishap.drop is Drop.BEFORE:
            return Answer(NO_ANSWER)
        self._engine.advance(to=self._clock.now())
        answer = route.handler(call)
        if route.method not in {"GET", "HEAD"}:
            self._engine.settle()
        return answer

    def _count(self, answer: Answer, response: Response, fate: _Fate) -> None:
        if fate.operation is None:
            return
        if fate.is_dropped:
            self.calls.note(fate.operation, NO_ANSWER, 0)
            return
        whole_file = answer.file is not None and isinstance(response, StreamingResponse)
        sent = answer.file.length if answer.file is not None and whole_file else len(response.body)
        self.calls.note(fate.operation, answer.status, sent)

    def _split_prefix(self, raw_path: str) -> tuple[str, str]:
        """Cut the account's name off the front of a path; some clients put it there."""
        prefix = f"/{self._engine.core.settings.account}"
        if raw_path.lower().startswith(f"{prefix.lower()}/"):
            return raw_path[: len(prefix)], raw_path[len(prefix) :]
        return "", raw_path

    def _error_answer(
        self, error: ApiError, scope: Scope, headers: Mapping[str, str], request_id: str
    ) -> Answer:
        trace = f"RequestId:{request_id}\nTime:{stamp(self._clock.now())}"
        base = _base(scope, headers)
        kind = "Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element"
        body: dict[str, Any] = {
            "odata.metadata": f"{base}/$metadata#{kind}",
            "code": error.code,
            "message": {"lang": "en-US", "value": f"{error.message}\n{trace}"},
        }
        if error.values:
            body["values"] = [{"key": key, "value": value} for key, value in error.values]
        return Answer(error.status, body, dict(error.headers))

    def _response(self, answer: Answer, method: str, headers: Mapping[str, str], request_id: str) -> Response:
        common = {
            "request-id": request_id,
            "Date": http_date(self._clock.now()),
            "Server": "azure-batch-emulator",
            **answer.headers,
        }
        if headers.get("return-client-request-id", "").lower() == "true" and "client-request-id" in headers:
            common["client-request-id"] = headers["client-request-id"]
        if method == "HEAD" or answer.status in _NO_BODY:
            return Response(status_code=answer.status, headers=common)
        if answer.file is not None:
            return StreamingResponse(answer.file.pieces(), answer.status, headers=common)
        if answer.json is None:
            return Response(answer.content, answer.status, headers=common)
        content = json.dumps(answer.json, separators=(",", ":")).encode()
        return Response(content, answer.status, headers=common, media_type=_JSON)


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
