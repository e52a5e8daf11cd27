"""Times as Azure's services and SDKs give them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def datetime_of(value: object) -> datetime | None:
    """Return a time of an answer in UTC: text in JSON, ``datetime`` in the SDK's models.

    One without a zone is in UTC.

    :return: None if there is none, or if it cannot be read
    """
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None
    if not isinstance(found, datetime):
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
