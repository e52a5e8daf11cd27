"""Time of a plan, as plans, orders, reports and predictions hold it: a text that sorts by time."""

from __future__ import annotations

from datetime import UTC, datetime


def planned_at(moment: datetime) -> str:
    """Write the time of a plan: UTC, always with microseconds, so that texts sort by time.

    :param moment: timezone-aware

    >>> planned_at(datetime(2018, 8, 29, 3, 0, 7, tzinfo=UTC))
    '2018-08-29T03:00:07.000000Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_planned_at(text: str) -> datetime | None:
    """Read the time of a plan.

    :return: None for what is no time, or one without a time zone
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
