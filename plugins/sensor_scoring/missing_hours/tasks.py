"""The Airflow task that looks for missing hours; what it does is in ``step.py``."""

from __future__ import annotations

import os

from airflow.sdk import get_current_context

from sensor_scoring.hourly.step import step
from sensor_scoring.settings import Settings


@step(task_id="look")
def look_for_missing_hours() -> list[str]:
    """Report incomplete hours; return them."""
    from sensor_scoring.missing_hours.step import tell_missing

    return tell_missing(get_current_context(), Settings.from_environ(os.environ))
