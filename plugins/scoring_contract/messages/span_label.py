"""A label that a person gives a span of a sensor's readings: written by the UI, read by training.

Each label is a blob of its own, written once and never changed, so labels that are given at the same time
cannot overwrite each other, and one that crosses hours is added and deleted as a whole. Its name holds the
span, so that a listing shows which hours it concerns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from scoring_contract import json_message
from scoring_contract.layout import span_label_named
from scoring_contract.messages.manifest import sensor_at
from scoring_contract.planned_at import read_planned_at

if TYPE_CHECKING:
    from scoring_contract.hour import RunHour
    from scoring_contract.json_message import Node

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MOMENT = r"\d{8}T\d{6}\d{3}"
_ID = re.compile(rf"({_MOMENT})-({_MOMENT})-([0-9a-f]{{12}})", re.ASCII)


class LabelKind(StrEnum):
    """What a label says about the readings of its span."""

    REAL = "real"
    """Those that were flagged are anomalies; of the others, it says nothing."""
    FALSE_ALARM = "false alarm"
    """All of them are normal."""
    MAINTENANCE = "maintenance"
    """None of them counts, neither in training nor in its gate."""


@dataclass(frozen=True, slots=True)
class LabelId:
    """The id of a label: its span and a token, ``20180829T021005000-20180829T021500000-3f9c0a1b2c4d``.

    :param first: first millisecond of the span since 1970
    :param last: last millisecond of the span, which belongs to it
    :param token: 12 hex digits that tell apart labels of the same span
    """

    first: int
    last: int
    token: str

    def __str__(self) -> str:
        return f"{_text_of(self.first)}-{_text_of(self.last)}-{self.token}"

    @classmethod
    def parse(cls, text: str) -> LabelId | None:
        """Read an id; None if the text is none."""
        found = _ID.fullmatch(text)
        if found is None:
            return None
        try:
            label = cls(_millis_of(found[1]), _millis_of(found[2]), found[3])
        except ValueError:
            return None  # digits that are no time
        return label if label.first <= label.last else None

    def concerns(self, first: RunHour, until: RunHour) -> bool:
        """Whether the span overlaps a range of hours.

        :param until: first hour after the range
        """
        start, end = ((hour.start - _EPOCH) // _MILLISECOND for hour in (first, until))
        return self.first < end and self.last >= start


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanLabel:
    """A label."""

    sensor: str
    id: LabelId
    kind: LabelKind
    readings: tuple[int, ...] = ()
    """For ``real``: timestamps of the flagged readings, in microseconds since 1970. They cannot be looked up
    later: predictions are overwritten when an hour is scored again."""
    note: str = ""
    by: str
    """Name of the user in Airflow."""
    at: str
    """When it was given, in the form of the time of a plan, which sorts as text."""

    def to_json(self) -> str:
        """Render the label."""
        return json_message.render(
            {
                "sensor": self.sensor,
                "id": str(self.id),
                "kind": self.kind.value,
                "readings": list(self.readings),
                "note": self.note,
                "by": self.by,
                "at": self.at,
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> SpanLabel:
        """Parse a label.

        :raises MessageError: naming the invalid member
        """
        root = json_message.parse("label", text)
        return cls(
            sensor=sensor_at(root["sensor"]),
            id=_id_at(root["id"]),
            kind=_kind_at(root["kind"]),
            readings=tuple(element.count() for element in root["readings"].elements()),
            note=_note_at(root["note"]),
            by=root["by"].text(),
            at=_moment_at(root["at"]),
        )


def concerns(blob: str, first: RunHour, until: RunHour) -> bool:
    """Whether a blob in ``data`` has the name of a label whose span overlaps a range of hours.

    :param until: first hour after the range
    """
    named = span_label_named(blob)
    label = LabelId.parse(named[1]) if named else None
    return label is not None and label.concerns(first, until)


def _text_of(millis: int) -> str:
    moment = _EPOCH + millis * _MILLISECOND
    return f"{moment:%Y%m%dT%H%M%S}{moment.microsecond // 1000:03}"


def _millis_of(text: str) -> int:
    """Return milliseconds since 1970.

    :raises ValueError: if the digits are no time
    """
    # strptime takes ten times as long, and training reads the names of all labels.
    date, time = (int(text[:4]), int(text[4:6]), int(text[6:8])), (int(text[9:11]), int(text[11:13]))
    moment = datetime(*date, *time, int(text[13:15]), 1000 * int(text[15:]), tzinfo=UTC)
    return (moment - _EPOCH) // _MILLISECOND


def _id_at(node: Node) -> LabelId:
    found = LabelId.parse(node.text())
    if found is None:
        raise node.wrong(f"is {node.value!r}, which is not the id of a label")
    return found


def _kind_at(node: Node) -> LabelKind:
    try:
        return LabelKind(node.text())
    except ValueError as error:
        raise node.wrong(f"is {node.value!r}, not one of {', '.join(LabelKind)}") from error


def _note_at(node: Node) -> str:
    if not isinstance(node.value, str):
        raise node.wrong("is not a text")
    return node.value


def _moment_at(node: Node) -> str:
    if read_planned_at(node.text()) is None:
        raise node.wrong(f"is {node.value!r}, which is not a time with a time zone")
    return node.text()
