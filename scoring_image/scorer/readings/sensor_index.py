"""Devices and tags of a file, each looked up once, and what is noted about their rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from scorer.readings.issues import RowIssue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

Owner = Callable[[str, str], str | None]
"""Gives the sensor behind a device and a tag; None if it is nobody we score."""

Pair = tuple[str | None, str | None]

NAMELESS = 0
"""Index of rows whose device or tag is no name."""
STRANGER = 1
"""Index of rows that are of nobody we score."""
_NOBODY = -1
_REMEMBERED_STRANGERS = 1 << 16
"""More are asked for again, row by row: a file of nothing but strangers must not fill the memory."""


class SensorIndex(dict["Pair", int]):
    """Pairs by device and tag, numbered from 2 in the order in which they were met.

    It is a dict so that a column of pairs is numbered without a call of ours per row.
    """

    def __init__(self, owner: Owner) -> None:
        super().__init__()
        self._owner = owner
        self.sensors: list[str] = []
        self.sensor_of: list[int] = [_NOBODY, _NOBODY]
        """Index into ``sensors`` per pair, below 0 if the rows cannot be given to one."""
        self.pairs_of: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
        self.issues: defaultdict[int, Counter[RowIssue]] = defaultdict(Counter)
        """Notes by index of the sensor; by -1 those about rows that cannot be given to one."""
        self._pairs: list[tuple[str, str]] = [("", ""), ("", "")]
        self._numbers: dict[str, int] = {}

    def __missing__(self, pair: Pair) -> int:
        device, tag = pair
        if device is None or tag is None:
            return NAMELESS
        for named in _spellings(device, tag):
            sensor = self._owner(*named)
            if sensor is not None:
                return self._enlist(pair, named, sensor)
        if len(self) < _REMEMBERED_STRANGERS + len(self.sensor_of):
            self[pair] = STRANGER
        return STRANGER

    def _enlist(self, pair: Pair, named: tuple[str, str], sensor: str) -> int:
        self[pair] = number = len(self.sensor_of)
        self._pairs.append(named)
        self.sensor_of.append(self._number(sensor))
        return number

    def _number(self, sensor: str) -> int:
        if sensor not in self._numbers:
            self._numbers[sensor] = len(self.sensors)
            self.sensors.append(sensor)
        return self._numbers[sensor]

    def numbered(self, devices: Sequence[str | None], tags: Sequence[str | None]) -> NDArray[np.intp] | int:
        """Return the number of each row's pair; one number if all rows are of one pair.

        :param devices: None for what is no name; so are tags
        """
        first = devices[0], tags[0]
        if devices.count(first[0]) == len(devices) and tags.count(first[1]) == len(tags):
            return self[first]
        numbers = map(self.__getitem__, zip(devices, tags, strict=True))
        return np.fromiter(numbers, np.intp, len(devices))

    def count(self, issue: RowIssue, pair: int, rows: int) -> None:
        """Note something about rows of a pair."""
        if issue is RowIssue.OTHER_SENSOR and pair == NAMELESS:
            issue = RowIssue.UNREADABLE
        self.issues[self.sensor_of[pair]][issue] += rows

    def see(self, pairs: Iterable[int]) -> None:
        """Remember pairs of which rows count."""
        for pair in pairs:
            self.pairs_of[self.sensor_of[pair]].add(self._pairs[pair])


def _spellings(device: str, tag: str) -> Iterator[tuple[str, str]]:
    """Yield a pair as it is written, then with the whole numbers that ``1.0`` stands for."""
    yield device, tag
    if "." not in device and "." not in tag:
        return
    from scoring_contract.number_names import number_named  # noqa: PLC0415  # few names are such numbers

    named = number_named(device) or device, number_named(tag) or tag
    if named != (device, tag):
        yield named
