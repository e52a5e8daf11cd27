"""What came of the last evaluation of a pool's autoscale formula: names and values. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from sensor_scoring.azure_batch.pool.health import autoscale_error
from sensor_scoring.service_times import datetime_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation of a formula."""

    at: datetime | None = None
    results: Mapping[str, float | str] = field(default_factory=dict)
    """Variable of the formula to its value; ``$TargetDedicatedNodes`` and the like are the service's own."""
    error: str = ""
    """Why nothing came out, in the service's words."""

    @classmethod
    def of(cls, pool: Mapping[str, Any]) -> Self | None:
        """Read the last one of a pool as the service describes it; None if there was none yet."""
        run = pool.get("autoScaleRun")
        if not run:
            return None
        error = run.get("error")
        return cls(
            at=datetime_of(run.get("timestamp")),
            results=values_of(str(run.get("results") or "")),
            error=autoscale_error(error) if error else "",
        )


def values_of(results: str) -> dict[str, float | str]:
    """Take an evaluation's results apart: ``$TargetDedicatedNodes=2;$NodeDeallocationOption=requeue``.

    :return: a name to a number where the value is one, else to the service's text
    """
    pairs = (part.partition("=") for part in results.split(";"))
    return {name.strip(): _value(text.strip()) for name, joint, text in pairs if joint}


def _value(text: str) -> float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    # JSON has no word for the others.
    return number if math.isfinite(number) else text
