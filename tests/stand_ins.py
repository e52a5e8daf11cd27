"""Stand-ins for runs and for Airflow's objects, passed on as what they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from airflow.sdk import Context

    from sensor_scoring.hourly.run import Run


def as_run(stand_in: object) -> Run:
    """Pass on what has as much of a run as the function under test reads."""
    return cast("Run", stand_in)


def context_with(ti: object) -> Context:
    """Return a context with a task instance, or what has as much of one as is read."""
    return cast("Context", {"ti": ti})
