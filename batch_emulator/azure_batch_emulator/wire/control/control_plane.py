"""What is below ``/_emulator``: counts, pending faults, clock and state.

Without a token they are for this machine alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.advance import advance
from azure_batch_emulator.clock import ManualClock
from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import stamp
from azure_batch_emulator.service.reset import reset
from azure_batch_emulator.wire.control.controls import CONTROLS, Field, Form, seconds
from azure_batch_emulator.wire.control.state_dump import state_json
from azure_batch_emulator.wire.control.token import check_token
from azure_batch_emulator.wire.loopback import check_local
from azure_batch_emulator.wire.response import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

    from azure_batch_emulator.clock import Clock
    from azure_batch_emulator.service.engine import Engine
    from azure_batch_emulator.wire.request_metrics import RequestMetrics

ROOT = "/_emulator"
_MEANINGS: Mapping[tuple[str, str], str] = {
    ("GET", ""): "describe the controls",
    ("GET", "requests"): "requests answered, by operation and status; status 0 is a dropped connection",
    ("DELETE", "requests"): "count from zero",
    ("GET", "faults"): "list the faults that are still to happen",
    ("DELETE", "faults"): "forget them all; quotas, and what has happened to nodes, stay",
    ("GET", "clock"): "tell the time, and whether it moves only when it is turned",
    ("GET", "state"): "show everything: pools, nodes, jobs, tasks, pending faults, quotas",
    ("DELETE", "state"): "begin anew: no pools, no jobs, no faults, first quotas, requests counted from zero",
}
_TURN = Form(
    "clock",
    "turn the manual clock, and answer when everything that fell due is done",
    {"seconds": Field(seconds, "how far", required=True)},
)


def is_control(raw_path: str) -> bool:
    """Tell whether a request is for the control plane."""
    return raw_path == ROOT or raw_path.startswith(f"{ROOT}/")


class ControlPlane:
    """Answers requests below ``/_emulator``."""

    def __init__(self, engine: Engine, clock: Clock, metrics: RequestMetrics) -> None:
        self._engine = engine
        self._clock = clock
        self._metrics = metrics
        self._actions: Mapping[tuple[str, str], Callable[[str], Any]] = {
            ("GET", ""): lambda _: self._describe(),
            ("GET", "requests"): lambda _: metrics.report().json(),
            ("DELETE", "requests"): lambda _: metrics.reset(engine.core.now),
            ("GET", "faults"): lambda _: {"pendingFaults": engine.faults.pending()},
            ("DELETE", "faults"): lambda _: engine.faults.clear(),
            ("GET", "clock"): lambda _: self._time(),
            ("GET", "state"): lambda base: state_json(engine, base),
            ("DELETE", "state"): lambda _: self._reset(),
        }
        self._controls = {control.path: control for control in CONTROLS}

    async def respond(
        self, method: str, raw_path: str, headers: Mapping[str, str], content: bytes, *, base: str
    ) -> Response:
        """Do what is asked for.

        :param base: where the client finds the service, for URLs in the answer
        :raises ApiError: if the request is foreign, without the token, unknown, or cannot be granted
        """
        self._check(headers)
        path = raw_path.removeprefix(ROOT).strip("/")
        action = self._actions.get((method, path))
        if action is not None:
            return Response(200, action(base) or {})
        if (method, path) == ("POST", _TURN.path):
            return Response(200, await self._turn(_TURN.arguments(_read(content))["seconds"]))
        control = self._controls.get(path)
        if control is None or method != "POST":
            message = f"There is no such control; GET {ROOT} lists them."
            raise ApiError(404, "ControlNotFound", message, values=(("Request", f"{method} {raw_path}"),))
        return Response(200, control.act(self._engine, _read(content)))

    def _check(self, headers: Mapping[str, str]) -> None:
        if token := self._engine.core.settings.control_token:
            check_token(headers, token)
        else:
            check_local(headers)

    def _describe(self) -> dict[str, Any]:
        reading = [
            {"request": f"{method} {ROOT}/{path}".rstrip("/"), "meaning": meaning}
            for (method, path), meaning in _MEANINGS.items()
        ]
        return {"controls": reading + [control.json(ROOT) for control in (_TURN, *CONTROLS)]}

    def _time(self) -> dict[str, Any]:
        return {"now": stamp(self._clock.now()), "isManual": isinstance(self._clock, ManualClock)}

    async def _turn(self, by: timedelta) -> dict[str, Any]:
        if not isinstance(self._clock, ManualClock):
            message = "Time passes by itself here; start the emulator with --manual-clock to turn it."
            raise ApiError.conflict("ClockNotManual", message)
        await advance(self._engine, self._clock, by)
        return self._time()

    def _reset(self) -> None:
        reset(self._engine)
        self._metrics.reset(self._engine.core.now)


def _read(content: bytes) -> Any:
    try:
        return json.loads(content or b"{}")
    except (ValueError, RecursionError) as problem:
        raise ApiError.bad_body(f"the body is not JSON: {problem}") from None
