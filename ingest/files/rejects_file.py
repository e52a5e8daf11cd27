"""Writes refused rows to a file, as they are found."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ingest.errors import ReadingsFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ingest.files.rejects import Reject

COLUMNS = ("File", "Line", "Reason", "Text")
"""Columns of the file; ``File`` is empty if there was one only."""


@contextmanager
def written_to(path: Path | None) -> Iterator[Callable[[Reject], None] | None]:
    """Return a function that writes a row; None without a file.

    :param path: replaced if it exists
    :raises ReadingsFileError: if it cannot be written
    """
    if path is None:
        yield None
        return
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise ReadingsFileError(str(path), f"cannot be written: {error.strerror}") from error
    with file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        yield lambda reject: rows.writerow((reject.file, reject.line, reject.reason, reject.text)) and None
