"""Counts calls of Airflow's Execution API in the api-server's log."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

_LINE = re.compile(r"\[http\.access\].* duration_us=(\d+) .*method=(\w+) path=/execution/(\S+) ")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_XCOM = re.compile(r"^xcoms/[^/]+/[^/]+/")


@dataclass(slots=True)
class ApiCalls:
    """Calls by method and path; the paths omit ids of instances, DAGs and runs."""

    counts: Counter[str] = field(default_factory=Counter)
    microseconds: Counter[str] = field(default_factory=Counter)
    """Total duration by method and path, as the api-server logs it."""

    @classmethod
    def in_log(cls, text: str) -> Self:
        """Parse a log."""
        found = cls()
        for duration, method, path in _LINE.findall(text):
            call = f"{method} {_XCOM.sub('xcoms/{dag}/{run}/', _ID.sub('{id}', path))}"
            found.counts[call] += 1
            found.microseconds[call] += int(duration)
        return found

    def more_than(self, few: ApiCalls, *, by: int) -> dict[str, tuple[float, float]]:
        """Return the calls that one more sensor adds: their number, and milliseconds per call.

        :param few: the calls of a run with fewer sensors
        :param by: the difference in sensors
        """
        prices = {}
        for call, count in self.counts.items():
            more = count - few.counts[call]
            if more > by / 10:  # heartbeats and the like come by the clock
                spent = self.microseconds[call] - few.microseconds[call]
                prices[call] = round(more / by, 2), round(spent / more / 1e3, 1)
        return prices
