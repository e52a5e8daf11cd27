"""Injected faults that are still to happen: other services ask here whether something is to go wrong.

Faults that hit a node at once are in ``nodes/faults.py``. Pending faults are not kept over a restart; what
they did to pools, nodes and tasks is.
"""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from azure_batch_emulator.autoscale.errors import EVALUATION_FAILED
from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.records.pools import ResizeError
from azure_batch_emulator.records.states import NodeState
from azure_batch_emulator.records.tasks import ErrorCategory, Failure
from azure_batch_emulator.runner.images import canonical
from azure_batch_emulator.service.faults.effects import (
    FORBIDDEN,
    PULL_FAILED,
    Drop,
    Puller,
    RequestFault,
    Shortfall,
    Throttle,
)
from azure_batch_emulator.service.faults.fault_queue import FaultQueue

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from azure_batch_emulator.records.pools import Pool

_Kind = TypeVar("_Kind", bound=StrEnum)


class Faults:
    """Faults of the next requests, resizes, evaluations and pulls. ``times=None`` lasts until ``clear``."""

    def __init__(self) -> None:
        self.operations: Collection[str] = ()
        """Names of operations that requests may have; whoever routes them tells. Empty: any."""
        self._throttles: FaultQueue[Throttle] = FaultQueue()
        self._prohibitions: FaultQueue[str] = FaultQueue()
        self._drops: FaultQueue[Drop] = FaultQueue()
        self._delays: FaultQueue[float] = FaultQueue()
        self._shortfalls: FaultQueue[Shortfall] = FaultQueue()
        self._evaluations: FaultQueue[ResizeError] = FaultQueue()
        self._hangs: FaultQueue[NodeState] = FaultQueue()
        self._pulls: Mapping[Puller, FaultQueue[Failure]] = {puller: FaultQueue() for puller in Puller}
        self._slow_pulls: Mapping[Puller, FaultQueue[float]] = {puller: FaultQueue() for puller in Puller}

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
        self._shortfalls.add(shortfall, target=pool_id.lower(), times=_checked(times))

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
        self._evaluations.add(error, target=pool_id.lower(), times=_checked(times))

    def hang_boots(self, pool_id: str, *, times: int | None = 1) -> None:
        """Let the next nodes of a pool that come up stay ``starting`` for ever, until they are removed."""
        self._hangs.add(NodeState.STARTING, target=pool_id.lower(), times=_checked(times))

    def fail_pulls(
        self,
        image: str,
        *,
        by: str = Puller.TASK,
        code: str = PULL_FAILED,
        message: str = "The container image could not be pulled",
        category: str = ErrorCategory.USER,
        times: int | None = None,
    ) -> None:
        """Let an image not be had: attempts in it fail before they run, or nodes that prefetch it break."""
        failure = Failure(
            _member(ErrorCategory, "category", category), code, message, (("Image", canonical(image)),)
        )
        queue = self._pulls[_member(Puller, "by", by)]
        queue.add(failure, target=canonical(image), times=_checked(times))

    def slow_pulls(
        self, image: str, seconds: float, *, by: str = Puller.TASK, times: int | None = None
    ) -> None:
        """Let an image take its time: attempts in it begin late, or nodes that prefetch it are idle late.

        :param seconds: by the service's clock
        """
        queue = self._slow_pulls[_member(Puller, "by", by)]
        queue.add(seconds, target=canonical(image), times=_checked(times))

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
        self._throttles.add(
            Throttle.of(status, retry_after), target=self._operation(operation), times=_checked(times)
        )

    def forbid(self, *, operation: str | None = None, times: int | None = 1) -> None:
        """Refuse the next requests, of one operation or of any, as those of a sender without a role."""
        self._prohibitions.add(FORBIDDEN, target=self._operation(operation), times=_checked(times))

    def drop(self, *, when: str = Drop.BEFORE, operation: str | None = None, times: int | None = 1) -> None:
        """Drop the connections of the next requests instead of an answer.

        :param when: ``before`` the request is carried out, or ``after`` it was
        """
        effect = _member(Drop, "when", when)
        self._drops.add(effect, target=self._operation(operation), times=_checked(times))

    def slow(self, seconds: float, *, operation: str | None = None, times: int | None = None) -> None:
        """Carry requests out at once but send their answers late, by real time."""
        self._delays.add(seconds, target=self._operation(operation), times=_checked(times))

    def clear(self) -> None:
        """Forget every pending fault; what has happened stays as it is."""
        for queue in self._queues().values():
            queue.clear()

    def pending(self) -> list[dict[str, Any]]:
        """List the pending faults, with how often each is still to happen."""
        return [
            {
                "fault": kind,
                "target": pending.target,
                "timesLeft": pending.left,
                "effect": _plain(pending.effect),
            }
            for kind, queue in self._queues().items()
            for pending in queue
        ]

    def request_fault(self, operation: str) -> RequestFault:
        """Return what is to happen to a request."""
        error = self._refusal(operation)
        drop = self._drops.take(operation) if error is None else None
        return RequestFault(error, drop, self._delays.take(operation) or 0.0)

    def _refusal(self, operation: str) -> ApiError | None:
        if throttle := self._throttles.take(operation):
            return throttle.error
        if code := self._prohibitions.take(operation):
            return ApiError(403, code, f"The client does not have authorization to perform {operation}.")
        return None

    def shortfall(self, pool: Pool) -> Shortfall | None:
        """Tell how a resize that wants more nodes is to fail; None if it is not."""
        return self._shortfalls.take(pool.key)

    def evaluation_error(self, pool: Pool) -> ResizeError | None:
        """Tell how an evaluation is to fail."""
        return self._evaluations.take(pool.key)

    def hangs(self, pool: Pool) -> bool:
        """Tell whether a node that comes up is to stay as it is."""
        return self._hangs.take(pool.key) is not None

    def pull_failure(self, image: str, by: Puller) -> Failure | None:
        """Tell how the pull of an image is to fail."""
        return self._pulls[by].take(canonical(image))

    def pull_time(self, images: Iterable[str], by: Puller) -> timedelta:
        """Tell how long the pull of images is to take."""
        return timedelta(seconds=sum(self._slow_pulls[by].take(canonical(image)) or 0 for image in images))

    def _queues(self) -> Mapping[str, FaultQueue[Any]]:
        pulls = {f"image pull by a {puller}": queue for puller, queue in self._pulls.items()}
        return {
            "throttle": self._throttles,
            "prohibition": self._prohibitions,
            "drop": self._drops,
            "slow": self._delays,
            "allocation": self._shortfalls,
            "evaluation": self._evaluations,
            "boot": self._hangs,
            **pulls,
            **{f"slow image pull by a {puller}": queue for puller, queue in self._slow_pulls.items()},
        }

    def _operation(self, name: str | None) -> str | None:
        if name is not None and self.operations and name not in self.operations:
            raise ApiError.bad_property("operation", name, "the name of an operation, such as create_task")
        return name


def _checked(times: int | None) -> int | None:
    if times is not None and times < 1:
        raise ApiError.bad_property("times", times, "1 or more, or nothing for as long as it is not cleared")
    return times


def _member(kind: type[_Kind], name: str, value: str) -> _Kind:
    try:
        return kind(value)
    except ValueError:
        raise ApiError.bad_property(name, value, f"one of {', '.join(kind)}") from None


def _plain(effect: Any) -> Any:
    return asdict(effect) if is_dataclass(effect) and not isinstance(effect, type) else effect
