"""Which hour a run scores. The one place that decides it, for every kind of run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scoring_contract.hour import RunHour
from sensor_scoring.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_AIRFLOWS_OWN = "airflow/"
"""How keys of a run's configuration begin that Airflow reads itself: ``airflow/task_span_detail_level``."""


def scoring_hour(context: Mapping[str, Any], *, now: datetime) -> RunHour:
    """Return the hour to score.

    ``params.hour`` wins: a person asked for it. Else the run's data interval says: for a scheduled run, a
    backfill and ``dags test`` alike the hour is its start, never ``logical_date``, which means the hour's
    start for some kinds of run and its end for others. A run without an interval (triggered by hand with no
    date) scores the last complete hour before ``now``.

    :param context: Airflow's task context
    :param now: timezone-aware; used only when neither says anything
    :raises LayoutError: if ``params.hour`` is no hour
    """
    asked = (context.get("params") or {}).get("hour")
    if asked:
        return RunHour.read(str(asked))
    start = context.get("data_interval_start")
    if start is not None:
        return RunHour.containing(start)
    return RunHour.containing(now).previous


def check_asked(context: Mapping[str, Any]) -> None:
    """Refuse what the DAG has no parameter for: Airflow would leave a misspelt one out without a word.

    :param context: Airflow's task context
    :raises SettingsError: naming it
    """
    known = set(context["dag"].params or {})
    asked = {name for name in context["dag_run"].conf or {} if not name.startswith(_AIRFLOWS_OWN)}
    unknown = sorted(asked - known)
    if unknown:
        raise SettingsError(
            f"the run was asked for {', '.join(unknown)}, which is no parameter of this DAG; "
            f"it has {', '.join(sorted(known)) or 'none'}: trigger another run"
        )
