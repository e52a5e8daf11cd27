"""The range of hours with readings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensor_scoring.hourly.planning.readings_range import range_of_readings

if TYPE_CHECKING:
    from collections.abc import Callable


def listed(*blobs: str) -> Callable[[str], list[str]]:
    """List folders as Blob Storage does."""

    def folders(prefix: str) -> list[str]:
        rests = (blob.removeprefix(prefix) for blob in blobs if blob.startswith(prefix))
        return sorted({prefix + rest.partition("/")[0] for rest in rests if "/" in rest})

    return folders


def test_the_first_and_the_last_hour_are_found() -> None:
    """Across years, and past folders that are not hours."""
    folders = listed(
        "readings/2018/08/29/02/1_4/a.csv",
        "readings/2018/08/28/23/1_4/a.csv",
        "readings/2017/99/01/00/1_4/no-month.csv",
        "readings/2026/11/27/09/_packs/p0001/a.csv",
        "readings/2026/11/27/30/1_4/no-hour.csv",
        "readings/old/2030/01/01/a.csv",
    )
    found = range_of_readings(folders)
    assert found is not None
    assert [str(hour) for hour in found] == ["2018-08-28T23", "2026-11-27T09"]


def test_without_readings_there_is_no_range() -> None:
    """In an empty container, or one with other contents."""
    assert range_of_readings(listed()) is None
    assert range_of_readings(listed("labels/2018/08/29/02.csv", "readings/a.csv")) is None
