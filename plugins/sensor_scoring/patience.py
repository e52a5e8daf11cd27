"""How long a service that is busy or away is borne with. Pure.

All steps of a run have the patience of those that wait in the triggerer: an outage that these sit out must
not fail the step beside them. What a person waits for, a page or an alert, asks once more and gives up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONNECT_SECONDS = 10.0
OUTAGE_SECONDS = 900.0
"""A service may be busy or away for this long before a step, or who waits, gives up."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Pauses between tries, each twice as long as the one before.

    :param seconds: pauses add up to this
    :param answer_seconds: for so long one answer is waited for; a connection, for a part of that
    """

    seconds: float = OUTAGE_SECONDS
    first_pause: float = 1.0
    longest_pause: float = 30.0
    answer_seconds: float = 60.0

    def pauses(self) -> Iterator[float]:
        """Yield the pauses, in seconds."""
        pause, waited = self.first_pause, 0.0
        while waited < self.seconds:
            yield pause
            waited += pause
            pause = min(pause * 2, self.longest_pause)

    def client_options(self) -> dict[str, Any]:
        """Return the arguments of an Azure client that is as patient: those of ``RetryPolicy``."""
        # The first of the policy's tries comes without a pause.
        tries = 1 + len(list(self.pauses()))
        kinds = ("total", "connect", "read", "status")
        return {
            "connection_timeout": min(_CONNECT_SECONDS, self.answer_seconds),
            "read_timeout": self.answer_seconds,
            **{f"retry_{kind}": tries for kind in kinds},
            # The policy's own first pause is twice the factor.
            "retry_backoff_factor": self.first_pause / 2,
            "retry_backoff_max": self.longest_pause,
        }
