"""A file with the labels of the anomalies that were sent, in the form of the blobs with labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.devices.errors import StateRefused
from ingest.hour_files import LABEL_COLUMNS, label_row
from ingest.simulator import Label

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ingest.devices.dispatch import Dispatch


class LabelsFile:
    """Grows with each chunk that was acknowledged; what a kill left behind the state is cut off.

    :param path: None to write nothing
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def resume(self, size: int) -> int:
        """Go on after so many bytes.

        :param size: 0 for a new file
        :return: bytes of the file
        :raises StateRefused: if the file is shorter, or cannot be written
        """
        if self._path is None:
            return size
        try:
            with self._path.open("r+b" if size else "wb") as file:
                if file.seek(0, 2) < size:
                    raise StateRefused(f"{self._path} lacks labels that were written to it before")
                file.truncate(size)
                if not size:
                    file.write(f"{','.join(LABEL_COLUMNS)}\n".encode())
                return file.seek(0, 2)
        except OSError as error:
            raise StateRefused(f"{self._path} cannot be written: {error.strerror}") from error

    def append(self, chunk: Sequence[Dispatch]) -> int:
        """Write the labels of a chunk; a reading that was sent twice has one.

        :return: bytes of the file
        :raises StateRefused: if it cannot be written
        """
        if self._path is None:
            return 0
        rows = [
            label_row(Label(one.reading.moment, one.reading.device, one.reading.tag, one.anomaly))
            for one in chunk
            if one.anomaly is not None and not (one.copy or one.is_withheld)
        ]
        try:
            with self._path.open("ab") as file:
                file.write("".join(f"{row}\n" for row in rows).encode())
                return file.tell()
        except OSError as error:
            raise StateRefused(f"{self._path} cannot be written: {error.strerror}") from error
