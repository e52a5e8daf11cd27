"""What routes about one sensor take from their address."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Depends, HTTPException

from scoring_contract.sensor_names import is_sensor_id
from sensor_scoring.ui.api.hour_range import HourRange, required_range

MOST = timedelta(days=7)
"""Length of the longest range."""


def asked_sensor(sensor: str) -> str:
    """Read the id of a sensor.

    :raises HTTPException: 404
    """
    if not is_sensor_id(sensor):
        raise HTTPException(404, "No sensor can have this id.")
    return sensor


AskedSensor = Annotated[str, Depends(asked_sensor)]
AskedRange = Annotated[HourRange, Depends(required_range(MOST))]
