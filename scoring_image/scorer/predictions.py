"""Predictions as CSV text: readings as they were read, with the model's word about each. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract.predictions import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scorer.ocsvm import Verdicts
    from scorer.readings import Reading

CONTENT_TYPE = "text/csv; charset=utf-8"


def render_predictions(readings: Sequence[Reading], verdicts: Verdicts) -> bytes:
    """Write a prediction blob: a header, then a row per reading in the given order, each ended by a newline.

    Times and values keep the text they came with; scores are written by ``repr``, the shortest text that
    reads back as the same float64.
    """
    rows = zip(readings, verdicts.anomalies.tolist(), verdicts.scores.tolist(), strict=True)
    lines = [",".join(COLUMNS)]
    lines += [
        f"{reading.ts},{_cell(reading.device)},{_cell(reading.tag)},{reading.text},{int(is_anomaly)},{score!r}"
        for reading, is_anomaly, score in rows
    ]
    return ("\n".join(lines) + "\n").encode()


def _cell(text: str) -> str:
    """Quote a name that would break its row; times and numbers, by their form, never do."""
    if any(mark in text for mark in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
