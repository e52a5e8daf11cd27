"""The Airflow task of the watch; its work is in the other modules of this package."""

from __future__ import annotations

import os

from airflow.sdk import get_current_context

from sensor_scoring.hourly.step import step
from sensor_scoring.settings import Settings


@step(task_id="look")
def look_at_pools() -> list[str]:
    """Look at the pools of the settings; return what is stuck, a sentence each."""
    from sensor_scoring.pool_watch.step import watch_pools

    return watch_pools(get_current_context(), Settings.from_environ(os.environ))
