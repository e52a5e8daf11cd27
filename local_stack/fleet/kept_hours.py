"""Finds the hours with readings in the ``data`` container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.simulator import SOURCE
from scoring_contract.layout import hour_of_readings, pack_of_readings, sensor_of_readings

if TYPE_CHECKING:
    from datetime import datetime

    from azure.storage.blob import ContainerClient

    from scoring_contract.hour import RunHour

READINGS_FOLDER = "readings/"
"""Folder in ``data`` with all readings."""


def hours_with_readings(container: ContainerClient) -> list[RunHour]:
    """Return the hours with loaded readings, in order; without any, the hours of the simulated fleet."""
    found: dict[bool, set[RunHour]] = {True: set(), False: set()}
    for name in container.list_blob_names(name_starts_with=READINGS_FOLDER):
        if sensor_of_readings(name) or pack_of_readings(name):
            found[name.endswith(f"/{SOURCE}.csv")].add(hour_of_readings(name))
    return sorted(found[False] or found[True])


def last_hour(container: ContainerClient, *, now: datetime) -> RunHour | None:
    """Return the last of these hours that is over; None if there is none."""
    hours = [hour for hour in hours_with_readings(container) if hour.end <= now]
    return hours[-1] if hours else None
