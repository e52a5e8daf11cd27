"""Readings as files: which rows count, and what is said about the others. No clock and no I/O.

A row counts if it can be read, belongs to the hour and to a sensor that we score, and its values are finite.
All rows that count are kept: a row that is delivered twice is scored twice, so that readings and predictions
can be laid side by side, and no guess is made about what a device meant. ``docs/readings.md`` says for every
irregularity what becomes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scorer.csv_rows import read_csv
from scorer.errors import DataFault
from scorer.gathering import FileRows, Gathering
from scorer.notes import Note
from scorer.roster import Owner
from scorer.sheet import ONE_FEATURE, Sheet, in_order

if TYPE_CHECKING:
    from scoring_contract.hour import RunHour

__all__ = ["FileRows", "Note", "Owner", "Sheet", "in_order", "read_file"]

MOST_BYTES = 1 << 28
"""A larger file is refused: texts take up to eight times their bytes, and nodes may be small."""


def read_file(
    name: str, data: bytes, *, hour: RunHour, owner: Owner, features: tuple[str, ...] = ONE_FEATURE
) -> FileRows:
    """Read one file of an hour, of one sensor or of many.

    :param name: says the format by its suffix: ``.parquet``; ``.json``, ``.jsonl`` or ``.ndjson``; else CSV
    :param owner: gives the sensor behind a device and a tag; None if it is nobody we score
    :param features: names of the numeric columns
    :raises DataFault: if a Parquet file is damaged or cannot be read here, or any file is too large
    """
    if len(data) > MOST_BYTES:
        raise DataFault(f"{name} holds {len(data)} bytes, the most that is read at once is {MOST_BYTES}")
    gathering = Gathering(hour, owner, features)
    match name.rpartition(".")[2].lower():
        case "parquet" if data:
            _read_parquet(name, data, gathering)
        case "json" | "jsonl" | "ndjson":
            from scorer.json_rows import read_json  # noqa: PLC0415  # most files are CSV

            read_json(data, gathering)
        case _:
            read_csv(data, gathering)
    return gathering.rows()


def _read_parquet(name: str, data: bytes, gathering: Gathering) -> None:
    try:
        from scorer.parquet_rows import read_parquet  # noqa: PLC0415  # pyarrow takes its time, and may lack
    except ImportError as error:
        raise DataFault(
            f"{name} is Parquet and pyarrow is not installed: use the scoring image with all requirements, "
            "or write CSV or JSON lines"
        ) from error
    read_parquet(name, data, gathering)
