"""What is below ``/_emulator``: calls counted, faults armed. For programs on this machine, unsigned."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import Refusal
from azure_batch_emulator.wire.call import Answer
from azure_batch_emulator.wire.controls import CONTROLS
from azure_batch_emulator.wire.loopback import check_local

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from azure_batch_emulator.service.engine import Engine
    from azure_batch_emulator.wire.calls import Calls

ROOT = "/_emulator"
_MEANINGS: Mapping[tuple[str, str], str] = {
    ("GET", ""): "describe the controls",
    ("GET", "calls"): "requests answered, by operation and status; status 0 is a dropped connection",
    ("DELETE", "calls"): "count anew",
    ("GET", "faults"): "list the faults that wait for their occasion",
    ("DELETE", "faults"): "forget them all; quotas, and what has happened to nodes, stay",
}


def is_control(raw_path: str) -> bool:
    """Tell whether a request is for the control plane."""
    return raw_path == ROOT or raw_path.startswith(f"{ROOT}/")


class ControlPlane:
    """Answers requests below ``/_emulator``."""

    def __init__(self, engine: Engine, calls: Calls) -> None:
        self._engine = engine
        self._calls = calls
        self._actions: Mapping[tuple[str, str], Callable[[], Any]] = {
            ("GET", ""): self._describe,
            ("GET", "calls"): lambda: calls.report().json(),
            ("DELETE", "calls"): lambda: calls.reset(engine.now),
            ("GET", "faults"): lambda: {"armed": engine.faults.armed()},
            ("DELETE", "faults"): engine.faults.clear,
        }
        self._controls = {control.path: control for control in CONTROLS}

    def answer(self, method: str, raw_path: str, headers: Mapping[str, str], content: bytes) -> Answer:
        """Do what is asked for.

        :raises Refusal: if the request is foreign, unknown, or cannot be granted
        """
        check_local(headers)
        path = raw_path.removeprefix(ROOT).strip("/")
        action = self._actions.get((method, path))
        if action is not None:
            return Answer(200, action() or {})
        control = self._controls.get(path)
        if control is None or method != "POST":
            message = f"There is no such control; GET {ROOT} lists them."
            raise Refusal(404, "ControlNotFound", message, values=(("Request", f"{method} {raw_path}"),))
        return Answer(200, control.act(self._engine.faults, _read(content)))

    def _describe(self) -> dict[str, Any]:
        reading = [
            {"request": f"{method} {ROOT}/{path}".rstrip("/"), "meaning": meaning}
            for (method, path), meaning in _MEANINGS.items()
        ]
        return {"controls": reading + [control.json(ROOT) for control in CONTROLS]}


def _read(content: bytes) -> Any:
    try:
        return json.loads(content or b"{}")
    except (ValueError, RecursionError) as problem:
        raise Refusal.bad_body(f"the body is not JSON: {problem}") from None
