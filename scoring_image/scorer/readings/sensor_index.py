"""Numbers a file's pairs of device and tag, looks up each pair's sensor once, and counts issues by sensor."""

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
"""Returns the sensor of a device and a tag; None if it is not scored."""

Pair = tuple[str | None, str | None]

NAMELESS = 0
"""Number of rows whose device or tag cannot be a name."""
STRANGER = 1
"""Number of rows that belong to no sensor of ours."""
_NOBODY = -1
_REMEMBERED_STRANGERS = 1 << 16
"""Unknown pairs that are remembered; more are looked up again for each row, so that they cannot fill the
memory."""


class SensorIndex(dict["Pair", int]):
    """Pairs of device and tag, numbered from 2 in the order of their first rows.

    A dict, so that numbering a column of pairs makes no Python call per row.
    """

    def __init__(self, owner: Owner) -> None:
        super().__init__()
        self._owner = owner
        self.sensors: list[str] = []
        self.sensor_of: list[int] = [_NOBODY, _NOBODY]
        """Index into ``sensors`` of each pair; below 0 if its rows belong to none."""
        self.pairs_of: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
        self.issues: defaultdict[int, Counter[RowIssue]] = defaultdict(Counter)
        """Issues by index of the sensor; -1 for rows that belong to none."""
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
        """Return the number of each row's pair, shape (n_rows,); one number if all rows have the same pair.

        :param devices: a name per row, None if it cannot be a name; likewise tags
        """
        first = devices[0], tags[0]
        if devices.count(first[0]) == len(devices) and tags.count(first[1]) == len(tags):
            return self[first]
        numbers = map(self.__getitem__, zip(devices, tags, strict=True))
        return np.fromiter(numbers, np.intp, len(devices))

    def count(self, issue: RowIssue, pair: int, rows: int) -> None:
        """Count an issue of rows of a pair."""
        if issue is RowIssue.OTHER_SENSOR and pair == NAMELESS:
            issue = RowIssue.UNREADABLE
        self.issues[self.sensor_of[pair]][issue] += rows

    def see(self, pairs: Iterable[int]) -> None:
        """Remember pairs that have rows that count."""
        for pair in pairs:
            self.pairs_of[self.sensor_of[pair]].add(self._pairs[pair])


def _spellings(device: str, tag: str) -> Iterator[tuple[str, str]]:
    """Yield a pair as written, then with whole numbers such as ``1.0`` shortened to ``1``."""
    yield device, tag
    if "." not in device and "." not in tag:
        return
    from scoring_contract.reading_files.number_names import number_named  # noqa: PLC0415  # few names are such numbers

    named = number_named(device) or device, number_named(tag) or tag
    if named != (device, tag):
        yield named
