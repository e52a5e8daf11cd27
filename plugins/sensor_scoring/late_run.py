"""A run that takes too long, as the callback of its deadline sees it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sensor_scoring import ids
from sensor_scoring.alerts import message_of
from sensor_scoring.blobs import BlobStore
from sensor_scoring.links import run_page
from sensor_scoring.notifiers import tell
from sensor_scoring.observations import seen_late
from sensor_scoring.pool_load import pool_trouble_of
from sensor_scoring.run_hour import scoring_hour
from sensor_scoring.told import ToldBlob

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring_contract.hour import RunHour
    from sensor_scoring.conditions import News
    from sensor_scoring.settings import Settings


class LateRun:
    """A DAG run past its deadline.

    :param dag_run: the run as JSON
    """

    def __init__(self, dag_run: Mapping[str, Any], settings: Settings) -> None:
        self._dag_run = dag_run
        self._settings = settings

    @cached_property
    def hour(self) -> RunHour:
        """The hour that is scored."""
        asked = {
            "params": self._dag_run.get("conf"),
            "data_interval_start": _moment(self._dag_run.get("data_interval_start")),
        }
        return scoring_hour(asked, now=_moment(self._dag_run.get("run_after")) or datetime.now(UTC))

    def tell(self) -> None:
        """Tell that it is late, and what keeps its pool from working."""
        settings, run_id, dag_id = self._settings, self._dag_run["dag_run_id"], self._dag_run["dag_id"]
        base = ids.run_base(settings.job_prefix, self.hour, dag_id=dag_id, run_id=run_id)
        troubles = pool_trouble_of(settings, is_waited_for=True)
        seen = seen_late(
            self.hour,
            run_id,
            f"it still runs {settings.late_minutes:g} minutes after the end of its hour",
            troubles,
        )

        def send(news: News) -> None:
            lead = f"running: sensor scoring of {self.hour}"
            tell(message_of(lead, news, [f"Run: {run_page(dag_id, run_id) or run_id}"]), {}, settings)

        # A claim of its own: the run's alert may be telling just now.
        ToldBlob(BlobStore(settings.wasb_conn_id), settings.runs_container, f"{base}-late").tell_news(
            seen, send
        )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
