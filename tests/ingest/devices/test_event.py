"""Events: their bodies, ids and partition keys."""

from __future__ import annotations

import json

import pytest
from azure.eventhub import EventDataBatch
from hypothesis import given
from hypothesis import strategies as st

from azure_event_hubs_emulator.amqp.messages import annotations_of
from azure_event_hubs_emulator.amqp.types import Timestamp
from ingest.devices.dispatch import Dispatch
from ingest.devices.event import body_of, event_of, json_number, partition_key_of
from ingest.reading import Reading
from ingest.stream_analytics.events.deserialization import rows_of
from tests.ingest.devices.readings import second


def test_a_body_is_what_the_job_reads() -> None:
    """The moment is UTC with Z, names are text, and the value is a number with the digits of the reading."""
    body = body_of(Reading(second(1.25), 'Pumpe-Ü "1"', "4", "10.10"))
    assert body == ('{"TS":"2026-01-01T00:00:01.250000Z","Device":"Pumpe-Ü \\"1\\"","Tag":"4","Value":10.10}')
    assert rows_of(body.encode()) == [
        {"TS": "2026-01-01T00:00:01.250000Z", "Device": 'Pumpe-Ü "1"', "Tag": "4", "Value": 10.1}
    ]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("10.10", "10.10"),
        ("-0", "-0"),
        ("+5", "5"),
        (".5", "0.5"),
        ("-.5e3", "-0.5e3"),
        ("5.", "5"),
        ("007.50", "7.50"),
        ("000", "0"),
        ("1E+10", "1E+10"),
        ("123456789012345678901", "123456789012345678901.0"),
    ],
)
def test_numbers_that_json_writes_otherwise_keep_their_digits(text: str, written: str) -> None:
    """JSON knows no plus sign, no leading zero and no number without a digit on each side of its point."""
    assert json_number(text) == written


@given(st.from_regex(r"\A[+-]?(?:\d{1,25}\.?\d{0,9}|\.\d{1,9})(?:[eE][+-]?\d{1,2})?\Z", fullmatch=True))
def test_every_number_of_a_file_is_a_number_in_json(text: str) -> None:
    """What the loader accepts is the same number in an event, and one that the job reads."""
    ascii_text = "".join(str(int(char)) if char.isdigit() else char for char in text)
    written = json_number(ascii_text)
    assert float(json.loads(written)) == float(ascii_text)
    rows_of(f'{{"Value":{written}}}'.encode())


def test_a_long_name_has_a_short_key() -> None:
    """A key has 128 bytes at most; names that differ in the end only have different keys."""
    assert partition_key_of("00:1B:44:11:3A:B7") == "00:1B:44:11:3A:B7"
    assert partition_key_of("Ü" * 64) == "Ü" * 64
    long = {partition_key_of("Ü" * 64 + end) for end in "ab"}
    assert {len(key) for key in long} == {64}
    assert len(long) == 2


def test_a_kept_arrival_is_a_timestamp_of_amqp() -> None:
    """Its annotation stands beside the partition key, in milliseconds since 1970."""
    dispatch = Dispatch(second(61.25), 0, Reading(second(1), "1", "4", "1"))
    for keep_arrival in (True, False):
        batch = EventDataBatch(partition_key="1")
        batch.add(event_of(dispatch, keep_arrival=keep_arrival))
        annotations = annotations_of(bytes(batch._message[5][0]))
        kept = {"x-opt-enqueued-time": Timestamp(1767225661250)} if keep_arrival else {}
        assert annotations == {**kept, "x-opt-partition-key": "1"}
        assert {type(annotations[name]) for name in kept} <= {Timestamp}


def test_an_id_tells_what_was_sent_twice() -> None:
    """A copy has an id of its own, and so has a row that a file holds twice."""
    reading = Reading(second(1), "plant 1/line 2", "4", "1")
    ids = [Dispatch(second(1), number, reading, copy).id for number in (7, 8) for copy in (0, 1)]
    assert ids[0] == "plant~201~2fline~202_4/2026-01-01T00:00:01.000000Z/7/0"
    assert len(set(ids)) == 4
    assert event_of(Dispatch(second(1), 7, reading), keep_arrival=False).message_id == ids[0]
