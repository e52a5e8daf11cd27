"""Hours in addresses: ``2018-08-29T02``, and ranges of them with both ends included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, HTTPException, Query

from scoring_contract.errors import HourError
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta

_EXAMPLE = "2018-08-29T02"
From = Annotated[str | None, Query(alias="from", description="First hour, UTC.", examples=[_EXAMPLE])]
To = Annotated[str | None, Query(alias="to", description="Last hour, UTC.", examples=[_EXAMPLE])]


@dataclass(frozen=True, slots=True)
class HourRange:
    """Hours from a first up to a last one."""

    first: RunHour
    last: RunHour

    def hours(self) -> Iterator[RunHour]:
        """Yield the hours, oldest first."""
        hour = self.first
        while hour <= self.last:
            yield hour
            hour = hour.next


def asked_hour(hour: str) -> RunHour:
    """Read an hour.

    :raises HTTPException: 422
    """
    try:
        return RunHour.parse(hour)
    except HourError as error:
        raise HTTPException(422, f"{error}.") from error


AskedHour = Annotated[RunHour, Depends(asked_hour)]


def optional_range(most: timedelta) -> Callable[[From, To], HourRange | None]:
    """Return the dependency that reads ``from`` and ``to``, or None if neither is given.

    :param most: length of the longest range
    """

    def read(first: From = None, last: To = None) -> HourRange | None:
        if first is None and last is None:
            return None
        return required(first, last)

    required = required_range(most)
    return read


def required_range(most: timedelta) -> Callable[[From, To], HourRange]:
    """Return the dependency that reads ``from`` and ``to``.

    :param most: length of the longest range
    """

    def read(first: From = None, last: To = None) -> HourRange:
        if first is None or last is None:
            raise HTTPException(422, "A range of hours has both from and to.")
        asked = HourRange(asked_hour(first), asked_hour(last))
        if asked.last < asked.first:
            raise HTTPException(422, f"The range ends at {asked.last}, before it begins at {asked.first}.")
        if asked.last.end - asked.first.start > most:
            raise HTTPException(422, f"The range has more than {most.days} days; ask for less at once.")
        return asked

    return read
