"""Issues of rows of readings, as they are named in reports."""

from __future__ import annotations

from enum import StrEnum


class RowIssue(StrEnum):
    """An irregularity of a row; the value completes "3 rows ..."."""

    UNREADABLE = "unreadable"
    OTHER_HOUR = "outside the hour"
    OTHER_SENSOR = "of another sensor"
    NOT_FINITE = "without a finite value"
    UNSCORABLE = "that the model cannot score"
    MAINTENANCE = "labelled as maintenance"
    """Training alone leaves them out."""
    REPEATED = "repeated"
    OUT_OF_ORDER = "out of order"
    OTHER_ZONE = "not written in UTC"

    @property
    def is_left_out(self) -> bool:
        """Whether the row is not scored; otherwise it is scored, and the issue is only reported."""
        return self in _LEFT_OUT


_LEFT_OUT = frozenset(
    {
        RowIssue.UNREADABLE,
        RowIssue.OTHER_HOUR,
        RowIssue.OTHER_SENSOR,
        RowIssue.NOT_FINITE,
        RowIssue.UNSCORABLE,
        RowIssue.MAINTENANCE,
    }
)
