"""The table of controls: which request injects or does what, with which fields. No HTTP here.

A control names a method of a part of the engine; its fields are that method's arguments, in camel case.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.wire.bodies.kinds import choice, natural, text, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from azure_batch_emulator.service.engine import Engine
    from azure_batch_emulator.wire.bodies.kinds import Kind

_LONGEST_SPAN = timedelta(days=36_500)
_CAPITAL = re.compile(r"([A-Z])")


def number(value: Any, path: str) -> Any:
    """Take a number that is not negative."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < math.inf:
        raise ApiError.bad_property(path, value, "a number that is not negative is needed")
    return float(value)


def seconds(value: Any, path: str) -> Any:
    """Take a span of time."""
    if number(value, path) > _LONGEST_SPAN.total_seconds():
        raise ApiError.bad_property(path, value, f"at most {_LONGEST_SPAN.days} days")
    return timedelta(seconds=value)


def facts(value: Any, path: str) -> Any:
    """Take an object of texts."""
    if not isinstance(value, dict):
        raise ApiError.bad_property(path, value, "an object is needed")
    return tuple((name, text(entry, f"{path}.{name}")) for name, entry in value.items())


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a control's body."""

    kind: Kind
    meaning: str
    required: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """What can be asked for below a path, and with what."""

    path: str
    meaning: str
    fields: Mapping[str, Field]

    def arguments(self, body: Any) -> dict[str, Any]:
        """Read a body.

        :raises ApiError: if it does not fit
        """
        if not isinstance(body, dict):
            raise ApiError.bad_body("the body must be a JSON object")
        for name, field in self.fields.items():
            if field.required and name not in body:
                raise ApiError.bad_property(name, None, field.meaning)
        return {_snake(name): self._value(name, body[name]) for name in body}

    def json(self, base: str) -> dict[str, Any]:
        """Describe it."""
        fields = {name: _sentence(field) for name, field in self.fields.items()}
        return {"request": f"POST {base}/{self.path}", "meaning": self.meaning, "fields": fields}

    def _value(self, name: str, value: Any) -> Any:
        field = self.fields.get(name)
        if field is None:
            raise ApiError.bad_body("there is no such property", PropertyName=name)
        return None if value is None and field.nullable else field.kind(value, name)


@dataclass(frozen=True, slots=True)
class Control(Form):
    """A form, and what is done when it comes."""

    does: Callable[[Engine], Callable[..., Any]]
    """Chooses the method of a running engine."""
    answers: str = ""
    """Name of what is answered; empty for an empty object."""

    def act(self, engine: Engine, body: Any) -> dict[str, Any]:
        """Do what is asked for.

        :raises ApiError: if the body does not fit, or it cannot be done
        """
        result = self.does(engine)(**self.arguments(body))
        return {self.answers: result} if self.answers else {}


def _snake(name: str) -> str:
    return _CAPITAL.sub(lambda found: f"_{found.group().lower()}", name)


def _sentence(field: Field) -> str:
    return f"{field.meaning} (required)" if field.required else field.meaning


def _times(default: str) -> Field:
    return Field(natural, f"how often; null until it is cleared; {default} unless given", nullable=True)


_POOL = Field(text, "id of a pool", required=True)
_NODE = Field(text, "id of a node", required=True)
_AWAY = Field(seconds, "seconds until a replacement is being made; the boot time unless given")
_OPERATION = Field(text, "name of an operation, such as create_task; any unless given", nullable=True)
_OPTIONS = ("requeue", "terminate", "taskcompletion", "retaineddata")
_MESSAGE = Field(text, "the error's sentence; the service's unless given")

CONTROLS: Sequence[Control] = (
    Control(
        "nodes/preempt",
        "take low-priority nodes away; their tasks are active again, replacements have the same ids",
        {
            "poolId": _POOL,
            "nodeId": Field(text, "id of a node; all of the pool unless given", nullable=True),
            "away": _AWAY,
        },
        does=lambda engine: engine.node_faults.preempt,
        answers="nodes",
    ),
    Control(
        "nodes/lose",
        "let a node of either kind vanish; it is unknown for a while, then replaced under the same id",
        {"poolId": _POOL, "nodeId": _NODE, "away": _AWAY},
        does=lambda engine: engine.node_faults.lose,
    ),
    Control(
        "nodes/break",
        "make a node unusable until it is rebooted or removed; its tasks are active again",
        {
            "poolId": _POOL,
            "nodeId": _NODE,
            "code": Field(text, "code of the node's error"),
            "message": _MESSAGE,
            "details": Field(facts, "object of further texts"),
        },
        does=lambda engine: engine.node_faults.break_node,
    ),
    Control(
        "nodes/reboot",
        "restart a node, as its reboot operation does",
        {
            "poolId": _POOL,
            "nodeId": _NODE,
            "option": Field(choice(*_OPTIONS), f"one of {', '.join(_OPTIONS)}; requeue unless given"),
        },
        does=lambda engine: engine.node_faults.reboot,
    ),
    Control(
        "faults/allocation",
        "let the next resizes of a pool that want more nodes end with a resize error",
        {
            "poolId": _POOL,
            "code": Field(text, "such as AccountCoreQuotaReached; AllocationFailed unless given"),
            "message": _MESSAGE,
            "granted": Field(natural, "nodes of either kind that come all the same; 0 unless given"),
            "times": _times("1"),
        },
        does=lambda engine: engine.faults.fail_allocations,
    ),
    Control(
        "faults/evaluation",
        "let the next evaluations of a pool's formula, not those on request, end with an error",
        {
            "poolId": _POOL,
            "code": Field(text, "such as InsufficientSampleData"),
            "message": _MESSAGE,
            "times": _times("1"),
        },
        does=lambda engine: engine.faults.fail_evaluations,
    ),
    Control(
        "faults/boot",
        "let the next nodes of a pool that come up stay starting until they are removed",
        {"poolId": _POOL, "times": _times("1")},
        does=lambda engine: engine.faults.hang_boots,
    ),
    Control(
        "faults/image",
        "let a container image not be pulled: attempts in it fail, or nodes that prefetch it are unusable",
        {
            "image": Field(text, "name of the image; :latest if it has no tag", required=True),
            "by": Field(text, "task or node; task unless given"),
            "code": Field(text, "code of the failure; ContainerInvalidImage unless given"),
            "message": _MESSAGE,
            "category": Field(text, "usererror or servererror, of a task's failure; usererror unless given"),
            "times": _times("null"),
        },
        does=lambda engine: engine.faults.fail_pulls,
    ),
    Control(
        "faults/slow-image",
        "let a container image take its time: attempts in it, or nodes that prefetch it, begin late",
        {
            "image": Field(text, "name of the image; :latest if it has no tag", required=True),
            "seconds": Field(number, "how long, by the service's clock", required=True),
            "by": Field(text, "task or node; task unless given"),
            "times": _times("null"),
        },
        does=lambda engine: engine.faults.slow_pulls,
    ),
    Control(
        "faults/throttle",
        "refuse the next requests as 429 TooManyRequests or 503 ServerBusy",
        {
            "status": Field(whole, "429 or 503; 429 unless given"),
            "retryAfter": Field(
                natural, "seconds in the Retry-After header; null for none; 1 unless given", nullable=True
            ),
            "operation": _OPERATION,
            "times": _times("1"),
        },
        does=lambda engine: engine.faults.throttle,
    ),
    Control(
        "faults/forbid",
        "refuse the next requests as 403 AuthorizationFailed",
        {"operation": _OPERATION, "times": _times("1")},
        does=lambda engine: engine.faults.forbid,
    ),
    Control(
        "faults/drop",
        "drop the connections of the next requests instead of answering",
        {
            "when": Field(text, "before the request is carried out, or after; before unless given"),
            "operation": _OPERATION,
            "times": _times("1"),
        },
        does=lambda engine: engine.faults.drop,
    ),
    Control(
        "faults/slow",
        "carry requests out at once, but answer late",
        {
            "seconds": Field(number, "how late, by real time", required=True),
            "operation": _OPERATION,
            "times": _times("null"),
        },
        does=lambda engine: engine.faults.slow,
    ),
    Control(
        "quotas",
        "change quotas until the emulator ends; an empty object shows them",
        {
            "activeJobs": Field(natural, "active jobs allowed"),
            "pools": Field(natural, "pools allowed"),
            "cores": Field(natural, "dedicated cores allowed; null for no limit", nullable=True),
            "lowPriorityCores": Field(
                natural, "low-priority cores allowed; null for no limit", nullable=True
            ),
        },
        does=lambda engine: engine.quotas.change,
        answers="quotas",
    ),
)
