"""Readings for the tests of devices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ingest.devices.dispatch import Measured
from ingest.reading import Reading

START = datetime(2026, 1, 1, tzinfo=UTC)


def second(number: float) -> datetime:
    """Return a moment so many seconds after the start."""
    return START + timedelta(seconds=number)


def measured(number: int, at: float, device: str = "1", tag: str = "4", value: str = "10.10") -> Measured:
    """Return a reading of a moment."""
    return Measured(number, second(at), Reading(second(at), device, tag, value))
