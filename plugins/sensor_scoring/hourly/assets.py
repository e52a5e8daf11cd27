"""Assets that other DAGs can schedule on."""

from __future__ import annotations

from airflow.sdk import Asset

SCORED_HOUR = Asset("scored-hour")
"""An hour whose verdict is good. Each event's ``extra`` holds ``hour`` (``2018-08-29T02``, UTC), ``run`` (the
folder of its reports and summary) and the counts of the outcomes."""
