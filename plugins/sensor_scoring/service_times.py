"""Times as Azure's services and SDKs give them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def datetime_of(value: object) -> datetime | None:
    """Return a time of an answer: text in JSON, ``datetime`` in the SDK's models; one without a zone is UTC.

    :return: None if there is none
    """
    found = datetime.fromisoformat(value) if isinstance(value, str) and value else value
    if not isinstance(found, datetime):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
