"""What can be made to go wrong on purpose. What is armed here waits for its occasion in other services.

Armed faults are not kept over a restart; what they did to pools, nodes and tasks is.
"""

from __future__ import annotations

from dataclasses import asdict, is_dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from azure_batch_emulator.autoscale.errors import EVALUATION_FAILED
from azure_batch_emulator.errors import Refusal
from azure_batch_emulator.records.nodes import NodeError
from azure_batch_emulator.records.pools import ResizeError
from azure_batch_emulator.records.tasks import Blame, Failure
from azure_batch_emulator.runner.images import canonical
from azure_batch_emulator.service.armed import Rack
from azure_batch_emulator.service.effects import PULL_FAILED, Drop, Mishap, Puller, Shortfall, Throttle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.service.engine import Engine

# Which codes a broken node can show is not listed anywhere; this name is a convention.
BROKEN = "NodeAgentFailure"
_QUOTAS: Mapping[str, str] = {
    "active_jobs": "active_job_quota",
    "pools": "pool_quota",
    "cores": "core_quota",
    "low_priority_cores": "low_priority_core_quota",
}

_Kind = TypeVar("_Kind", bound=StrEnum)


class Faults:
    """Makes things fail, at once or at their next occasion. ``times=None`` lasts until ``clear``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.operations: Collection[str] = ()
        """Names of operations that requests may have; whoever routes them tells. Empty: any."""
        self._first_settings = engine.settings
        self._throttles: Rack[Throttle] = Rack()
        self._drops: Rack[Drop] = Rack()
        self._delays: Rack[float] = Rack()
        self._shortfalls: Rack[Shortfall] = Rack()
        self._evaluations: Rack[ResizeError] = Rack()
        self._pulls: Mapping[Puller, Rack[Failure]] = {puller: Rack() for puller in Puller}
        self._slow_pulls: Mapping[Puller, Rack[float]] = {puller: Rack() for puller in Puller}

    def preempt(
        self, pool_id: str, node_id: str | None = None, *, away: timedelta | None = None
    ) -> list[str]:
        """Take low-priority nodes away: one, or all of a pool; replacements come under the same ids.

        :param away: how long a node is listed as preempted; the boot time unless given
        :return: ids of the nodes
        :raises Refusal: if there is no such node, or it cannot be pre-empted
        """
        pool, nodes = self._nodes(pool_id, node_id)
        if node_id is None:
            nodes = [node for node in nodes if not node.is_dedicated and node.is_machine]
        for node in nodes:
            self._engine.nodes.preempt(pool, node, away=self._away(away))
        return [node.id for node in nodes]

    def lose(self, pool_id: str, node_id: str, *, away: timedelta | None = None) -> None:
        """Let a node of either kind vanish: it is unknown for a while, then replaced like a pre-empted one.

        :raises Refusal: if there is no such node, or no machine behind it now
        """
        pool, (node,) = self._nodes(pool_id, node_id)
        self._engine.nodes.lose(pool, node, away=self._away(away))

    def break_node(
        self,
        pool_id: str,
        node_id: str,
        *,
        code: str = BROKEN,
        message: str = "The node does not respond",
        details: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Make a node unusable until it is rebooted or removed; its tasks run elsewhere.

        :raises Refusal: if there is no such node, or no machine behind it now
        """
        pool, (node,) = self._nodes(pool_id, node_id)
        self._engine.nodes.break_down(pool, node, NodeError(code, message, details))

    def reboot(self, pool_id: str, node_id: str, *, option: str = "requeue") -> None:
        """Restart a node as its reboot operation does.

        :raises Refusal: if there is no such node, or it is in no state to be restarted
        """
        pool, (node,) = self._nodes(pool_id, node_id)
        self._engine.node_operations.reboot(pool, node, option=option)

    def fail_allocations(
        self,
        pool_id: str,
        *,
        code: str = "AllocationFailed",
        message: str | None = None,
        granted: int = 0,
        times: int | None = 1,
    ) -> None:
        """Let the next resizes of a pool that want more nodes end with an error.

        :param granted: nodes of either kind that come all the same
        """
        shortfall = Shortfall.of(code, message, granted=granted)
        self._shortfalls.arm(shortfall, target=pool_id.lower(), times=_checked(times))

    def fail_evaluations(
        self,
        pool_id: str,
        *,
        code: str = EVALUATION_FAILED,
        message: str = "Autoscale evaluation failed",
        times: int | None = 1,
    ) -> None:
        """Let the next evaluations that a pool's own formula is due for end with an error."""
        error = ResizeError(code, message, (("Message", "A fault was asked for"),))
        self._evaluations.arm(error, target=pool_id.lower(), times=_checked(times))

    def fail_pulls(
        self,
        image: str,
        *,
        by: str = Puller.TASK,
        code: str = PULL_FAILED,
        message: str = "The container image could not be pulled",
        category: str = Blame.USER,
        times: int | None = None,
    ) -> None:
        """Let an image not be had: attempts in it fail before they run, or nodes that prefetch it break."""
        failure = Failure(_member(Blame, "category", category), code, message, (("Image", canonical(image)),))
        rack = self._pulls[_member(Puller, "by", by)]
        rack.arm(failure, target=canonical(image), times=_checked(times))

    def slow_pulls(
        self, image: str, seconds: float, *, by: str = Puller.TASK, times: int | None = None
    ) -> None:
        """Let an image take its time: attempts in it begin late, or nodes that prefetch it are idle late.

        :param seconds: by the service's clock
        """
        rack = self._slow_pulls[_member(Puller, "by", by)]
        rack.arm(seconds, target=canonical(image), times=_checked(times))

    def throttle(
        self,
        *,
        status: int = 429,
        retry_after: int | None = 1,
        operation: str | None = None,
        times: int | None = 1,
    ) -> None:
        """Refuse the next requests, of one operation or of any, as too many (429) or too busy (503).

        :param retry_after: seconds in the ``Retry-After`` header; None leaves it out
        """
        self._throttles.arm(
            Throttle.of(status, retry_after), target=self._operation(operation), times=_checked(times)
        )

    def drop(self, *, when: str = Drop.BEFORE, operation: str | None = None, times: int | None = 1) -> None:
        """Drop the connections of the next requests instead of an answer.

        :param when: ``before`` the request is carried out, or ``after`` it was
        """
        effect = _member(Drop, "when", when)
        self._drops.arm(effect, target=self._operation(operation), times=_checked(times))

    def slow(self, seconds: float, *, operation: str | None = None, times: int | None = None) -> None:
        """Carry requests out at once but send their answers late, by real time."""
        self._delays.arm(seconds, target=self._operation(operation), times=_checked(times))

    def set_quotas(self, **quotas: int | None) -> Mapping[str, int | None]:
        """Change what the account may hold, until the emulator ends; what is there already stays.

        :param quotas: ``active_jobs``, ``pools``, ``cores``, ``low_priority_cores``; None lifts one of cores
        :return: all quotas
        """
        for name, value in quotas.items():
            if name not in _QUOTAS or (value is None and "cores" not in name) or (value or 0) < 0:
                raise Refusal.bad_property(name, value, f"a limit for one of {', '.join(_QUOTAS)}")
        changes: dict[str, Any] = {_QUOTAS[name]: value for name, value in quotas.items()}
        self._engine.settings = replace(self._engine.settings, **changes)
        return {name: getattr(self._engine.settings, field) for name, field in _QUOTAS.items()}

    def restore_quotas(self) -> None:
        """Take back every change of quotas."""
        quotas = {field: getattr(self._first_settings, field) for field in _QUOTAS.values()}
        self._engine.settings = replace(self._engine.settings, **quotas)

    def clear(self) -> None:
        """Forget every fault that waits; quotas and what has happened stay as they are."""
        for rack in self._racks().values():
            rack.clear()

    def armed(self) -> list[dict[str, Any]]:
        """List the faults that wait, with what is left of them."""
        return [
            {"fault": kind, "target": armed.target, "timesLeft": armed.left, "effect": _plain(armed.effect)}
            for kind, rack in self._racks().items()
            for armed in rack
        ]

    def mishap(self, operation: str) -> Mishap:
        """Tell what is to happen to a request."""
        throttle = self._throttles.take(operation)
        drop = self._drops.take(operation) if throttle is None else None
        return Mishap(throttle, drop, self._delays.take(operation) or 0.0)

    def shortfall(self, pool: Pool) -> Shortfall | None:
        """Tell how a resize that wants more nodes is to fail; None if it is not."""
        return self._shortfalls.take(pool.key)

    def evaluation_error(self, pool: Pool) -> ResizeError | None:
        """Tell how an evaluation is to fail."""
        return self._evaluations.take(pool.key)

    def pull_failure(self, image: str, by: Puller) -> Failure | None:
        """Tell how the pull of an image is to fail."""
        return self._pulls[by].take(canonical(image))

    def pull_time(self, images: Iterable[str], by: Puller) -> timedelta:
        """Tell how long the pull of images is to take."""
        return timedelta(seconds=sum(self._slow_pulls[by].take(canonical(image)) or 0 for image in images))

    def _racks(self) -> Mapping[str, Rack[Any]]:
        pulls = {f"image pull by a {puller}": rack for puller, rack in self._pulls.items()}
        return {
            "throttle": self._throttles,
            "drop": self._drops,
            "slow": self._delays,
            "allocation": self._shortfalls,
            "evaluation": self._evaluations,
            **pulls,
            **{f"slow image pull by a {puller}": rack for puller, rack in self._slow_pulls.items()},
        }

    def _nodes(self, pool_id: str, node_id: str | None) -> tuple[Pool, list[Node]]:
        if node_id is None:
            pool = self._engine.lookup.pool(pool_id)
            return pool, list(pool.nodes.values())
        pool, node = self._engine.lookup.node(pool_id, node_id)
        return pool, [node]

    def _away(self, span: timedelta | None) -> timedelta:
        return self._engine.settings.boot if span is None else span

    def _operation(self, name: str | None) -> str | None:
        if name is not None and self.operations and name not in self.operations:
            raise Refusal.bad_property("operation", name, "the name of an operation, such as create_task")
        return name


def _checked(times: int | None) -> int | None:
    if times is not None and times < 1:
        raise Refusal.bad_property("times", times, "1 or more, or nothing for as long as it is not cleared")
    return times


def _member(kind: type[_Kind], name: str, value: str) -> _Kind:
    try:
        return kind(value)
    except ValueError:
        raise Refusal.bad_property(name, value, f"one of {', '.join(kind)}") from None


def _plain(effect: Any) -> Any:
    return asdict(effect) if is_dataclass(effect) and not isinstance(effect, type) else effect
