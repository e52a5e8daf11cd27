"""Errors of ingest.

::

    IngestError
      + ReadingsFileError   the file as a whole is not a readings CSV: missing, without header, a column short
      + SensorCollision     two pairs of device and tag would share one sensor id
      + NoReadings          a source without a single good reading
      + StorageFailed       Blob Storage refused or did not answer

A bad row is none of these: it is a :class:`~ingest.readings_csv.Reject`, and reading goes on.
"""

from __future__ import annotations


class IngestError(Exception):
    """Readings cannot be brought in; the sentence says what to change."""


class ReadingsFileError(IngestError):
    """No row of the file can be read, for one reason that holds for all.

    :param path: the file
    :param problem: what is wrong with it
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem

    def __reduce__(self) -> tuple[type[ReadingsFileError], tuple[str, str]]:
        """Pickle by facts."""
        return type(self), (self.path, self.problem)


class SensorCollision(IngestError):
    """Two different sensors would write into one folder.

    :param sensor_id: the id both get
    :param first: device and tag that had it first
    :param second: device and tag that came later
    """

    def __init__(self, sensor_id: str, first: tuple[str, str], second: tuple[str, str]) -> None:
        super().__init__(
            f"device {first[0]!r} tag {first[1]!r} and device {second[0]!r} tag {second[1]!r} "
            f"would both be sensor {sensor_id}: rename one of them"
        )
        self.sensor_id = sensor_id
        self.first = first
        self.second = second

    def __reduce__(self) -> tuple[type[SensorCollision], tuple[str, tuple[str, str], tuple[str, str]]]:
        """Pickle by facts."""
        return type(self), (self.sensor_id, self.first, self.second)


class NoReadings(IngestError):
    """There is nothing to lay out, and an empty load is never what was meant.

    :param source: name of the source
    :param rejects: rows that were refused
    :param example: why the first of them was; empty without rejects
    """

    def __init__(self, source: str, rejects: int, example: str) -> None:
        because = f"; {rejects} rows were refused, the first because {example}" if rejects else ""
        super().__init__(f"{source} holds no reading{because}")
        self.source = source
        self.rejects = rejects
        self.example = example

    def __reduce__(self) -> tuple[type[NoReadings], tuple[str, int, str]]:
        """Pickle by facts."""
        return type(self), (self.source, self.rejects, self.example)


class StorageFailed(IngestError):
    """A call to Blob Storage failed for good; loading again repairs what is half written.

    The vendor's own text is left out: it can quote the address with its signature.

    :param action: what was tried, for example ``write readings/…``
    :param problem: the vendor's error code or class
    """

    def __init__(self, action: str, problem: str) -> None:
        super().__init__(f"Blob Storage did not {action}: {problem}")
        self.action = action
        self.problem = problem

    def __reduce__(self) -> tuple[type[StorageFailed], tuple[str, str]]:
        """Pickle by facts."""
        return type(self), (self.action, self.problem)
