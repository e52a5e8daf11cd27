"""Faults that wait for their occasion: other services ask here whether something is to go wrong.

What befalls a node at once is in ``node_faults``. Armed faults are not kept over a restart; what they
did to pools, nodes and tasks is.
"""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from azure_batch_emulator.autoscale.errors import EVALUATION_FAILED
from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.records.pools import ResizeError
from azure_batch_emulator.records.tasks import Blame, Failure
from azure_batch_emulator.runner.images import canonical
from azure_batch_emulator.service.faults.armed import Rack
from azure_batch_emulator.service.faults.effects import PULL_FAILED, Drop, Mishap, Puller, Shortfall, Throttle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from azure_batch_emulator.records.pools import Pool

_Kind = TypeVar("_Kind", bound=StrEnum)


class Faults:
    """Makes things fail at their next occasion. ``times=None`` lasts until ``clear``."""

    def __init__(self) -> None:
        self.operations: Collection[str] = ()
        """Names of operations that requests may have; whoever routes them tells. Empty: any."""
        self._throttles: Rack[Throttle] = Rack()
        self._drops: Rack[Drop] = Rack()
        self._delays: Rack[float] = Rack()
        self._shortfalls: Rack[Shortfall] = Rack()
        self._evaluations: Rack[ResizeError] = Rack()
        self._pulls: Mapping[Puller, Rack[Failure]] = {puller: Rack() for puller in Puller}
        self._slow_pulls: Mapping[Puller, Rack[float]] = {puller: Rack() for puller in Puller}

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

    def clear(self) -> None:
        """Forget every fault that waits; what has happened stays as it is."""
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
