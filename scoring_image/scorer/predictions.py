"""Predictions as CSV text: readings as they were read, with the model's word about each. No I/O."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from scoring_contract.predictions import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scorer.ocsvm import Verdicts
    from scorer.sheet import Sheet

CONTENT_TYPE = "text/csv; charset=utf-8"

_FLAGS = (",0,", ",1,")


def render_predictions(parts: Iterable[tuple[str, str, Sheet, Verdicts]]) -> bytes:
    """Write a prediction blob: a header, then a row per reading in the given order, each ended by a newline.

    Times and values keep the text they came with; scores are written as the shortest text that reads back as
    the same float64. With several features their columns stand in Value's place.

    :param parts: device, tag, readings and verdicts of each sensor; taken one after the other
    :raises ValueError: if the sheets are not of the same features
    """
    features: tuple[str, ...] | None = None
    blob = io.BytesIO()
    for device, tag, sheet, verdicts in parts:
        if features is None:
            features = sheet.features
            blob.write(_header(features))
        if sheet.features != features:
            raise ValueError(f"columns {sheet.features} cannot stand under the header {features}")
        blob.writelines(_rows(f",{_cell(device)},{_cell(tag)},", sheet, verdicts))
    return blob.getvalue() or _header(())


def _header(features: Sequence[str]) -> bytes:
    names: Sequence[str] = COLUMNS
    if len(features) > 1:
        place = COLUMNS.index("Value")
        names = (*COLUMNS[:place], *features, *COLUMNS[place + 1 :])
    return (",".join(map(_cell, names)) + "\n").encode()


def _rows(names: str, sheet: Sheet, verdicts: Verdicts) -> Iterable[bytes | memoryview]:
    if len(sheet) and sheet.written_ts is None and sheet.written_columns is None:
        from scorer.prediction_chars import rows_of  # noqa: PLC0415  # such a sheet has imported pyarrow

        return rows_of(names, sheet, verdicts)
    columns = sheet.columns
    texts = columns[0] if len(columns) == 1 else map(",".join, zip(*columns, strict=True))
    flags = map(_FLAGS.__getitem__, verdicts.anomalies.tolist())
    scores = map(repr, verdicts.scores.tolist())
    rows = zip(sheet.ts, texts, flags, scores, strict=True)
    return ["".join([f"{ts}{names}{text}{flag}{score}\n" for ts, text, flag, score in rows]).encode()]


def _cell(text: str) -> str:
    """Quote a name that would break its row; times and numbers, by their form, never do."""
    if any(mark in text for mark in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
