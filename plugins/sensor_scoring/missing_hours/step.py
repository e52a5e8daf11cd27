"""The step of ``missing_hours``: reports changes in the set of incomplete hours."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from scoring_contract.hour import RunHour
from sensor_scoring.alerts.delivery import tell
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.missing_hours.dag_runs import slots_told
from sensor_scoring.missing_hours.digest import Digest, since_beginning
from sensor_scoring.missing_hours.report import MissingReport
from sensor_scoring.missing_hours.reported_hours import ReportedHours
from sensor_scoring.missing_hours.scan import find_gaps

if TYPE_CHECKING:
    from airflow.sdk import Context

    from sensor_scoring.settings import Settings

log = logging.getLogger(__name__)


def tell_missing(context: Context, settings: Settings) -> list[str]:
    """Send one message when the set of incomplete hours has changed.

    :return: the incomplete hours
    """
    store, now = BlobStore(settings.connections.wasb_conn_id), datetime.now(UTC)
    until = RunHour.containing(now)
    first = RunHour(until.start - timedelta(hours=settings.missing_hours.missing_lookback_hours))
    gaps = since_beginning(find_gaps(store, settings, first=first, until=until, now=now), first)
    report = MissingReport.of(gaps, slots_told(context["ti"], [gap.hour for gap in gaps]))
    reported = ReportedHours(store, settings.containers.runs_container)
    digest = Digest(report, frozenset(hour for hour in reported.read() if first <= hour < until))
    for line in report.table()[1:]:
        log.info("%s", line)
    if digest.is_news:
        tell(digest.message(), context, settings)
        # Last: twice is better than never.
        reported.write(digest.to_remember)
    else:
        log.info("No change: %d hours are incomplete", len(gaps))
    return [str(gap.hour) for gap in gaps]
