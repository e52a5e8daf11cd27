"""What a fault does when it happens: values, in the service's words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from azure_batch_emulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

_OUT_OF_CORES = "The specified account has reached its core quota"
_RESIZE_MESSAGES: Mapping[str, str] = {
    "AllocationFailed": "Desired number of nodes could not be allocated",
    "AllocationTimedOut": "Desired number of nodes could not be allocated or removed within the time limit",
    "AccountCoreQuotaReached": _OUT_OF_CORES,
    "AccountLowPriorityCoreQuotaReached": _OUT_OF_CORES,
    "AccountSpotCoreQuotaReached": _OUT_OF_CORES,
}
_THROTTLES: Mapping[int, tuple[str, str]] = {
    429: ("TooManyRequests", "Too many requests were sent in a given amount of time."),
    503: ("ServerBusy", "The server is currently unable to receive requests. Please retry your request."),
}
FORBIDDEN = "AuthorizationFailed"
"""The code of Azure Resource Manager for whoever lacks a role."""
PULL_FAILED = "ContainerInvalidImage"
"""The service lists no code for a pull alone; of those for containers this one is about the image."""


class Drop(StrEnum):
    """When the connection of a request is dropped."""

    BEFORE = "before"
    """Before the request is carried out."""
    AFTER = "after"
    """When it was carried out; the answer is lost."""


class Puller(StrEnum):
    """Who fails to pull an image."""

    TASK = "task"
    """An attempt that is about to run in it."""
    NODE = "node"
    """A node that is to hold it ready, as its pool says."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """An error for being too busy."""

    status: int
    retry_after: int | None
    """Seconds; None for an answer without the header."""

    @classmethod
    def of(cls, status: int, retry_after: int | None) -> Throttle:
        """Make one.

        :raises ApiError: if the service throttles by another status
        """
        if status not in _THROTTLES:
            raise ApiError.bad_property("status", status, "429 or 503")
        return cls(status, retry_after)

    @property
    def error(self) -> ApiError:
        """Write it as the service does."""
        headers = () if self.retry_after is None else (("Retry-After", str(self.retry_after)),)
        code, message = _THROTTLES[self.status]
        return ApiError(self.status, code, message, headers=headers)


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A resize that brings fewer nodes than wanted."""

    code: str
    message: str
    granted: int
    """Nodes of either kind that come all the same."""

    @classmethod
    def of(cls, code: str, message: str | None, *, granted: int) -> Shortfall:
        """Make one, with the service's sentence for its code unless another is given."""
        return cls(code, message or _RESIZE_MESSAGES.get(code, code), granted)


@dataclass(frozen=True, slots=True)
class RequestFault:
    """What injected faults do to one request."""

    error: ApiError | None
    drop: Drop | None
    delay_seconds: float
