"""Stand-ins for runs and Airflow's objects, typed as what they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from airflow.sdk import Context

    from sensor_scoring.hourly.run import Run


def as_run(stand_in: object) -> Run:
    """Return a stand-in that has what the tested function reads of a run."""
    return cast("Run", stand_in)


def context_with(ti: object) -> Context:
    """Return a context with a task instance, or with a stand-in for one."""
    return cast("Context", {"ti": ti})
