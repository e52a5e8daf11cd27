"""The Airflow task that looks for missing hours; what it does is in ``digest_step.py``."""

from __future__ import annotations

import os

from airflow.sdk import get_current_context

from sensor_scoring.settings import Settings
from sensor_scoring.step import step


@step(task_id="look")
def look_for_missing_hours() -> list[str]:
    """Tell people of hours that are not whole; return them."""
    from sensor_scoring.digest_step import tell_missing

    return tell_missing(get_current_context(), Settings.from_environ(os.environ))
