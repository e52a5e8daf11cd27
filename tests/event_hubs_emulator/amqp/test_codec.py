"""Values, performatives and messages as bytes, checked against the codec of the real client."""

from __future__ import annotations

import dataclasses
from uuid import UUID

import pytest
from azure.eventhub._pyamqp import _decode, _encode
from azure.eventhub._pyamqp import performatives as theirs
from hypothesis import example, given
from hypothesis import strategies as st

from azure_event_hubs_emulator.amqp import performatives
from azure_event_hubs_emulator.amqp.decoder import decode, decode_all, skip
from azure_event_hubs_emulator.amqp.encoder import encode
from azure_event_hubs_emulator.amqp.frames import FrameReader, frame
from azure_event_hubs_emulator.amqp.messages import annotated, annotations_of, events_of
from azure_event_hubs_emulator.amqp.types import (
    Array,
    Byte,
    Char,
    Decimal,
    Described,
    Float,
    Int,
    Short,
    Symbol,
    Timestamp,
    UByte,
    UInt,
    ULong,
    UShort,
)
from azure_event_hubs_emulator.errors import AmqpError, DecodeError

pytestmark = pytest.mark.hypothesis
_NUMBERS = (
    st.integers(0, 2**8 - 1).map(UByte)
    | st.integers(0, 2**16 - 1).map(UShort)
    | st.integers(0, 2**32 - 1).map(UInt)
    | st.integers(0, 2**64 - 1).map(ULong)
    | st.integers(-(2**7), 2**7 - 1).map(Byte)
    | st.integers(-(2**15), 2**15 - 1).map(Short)
    | st.integers(-(2**31), 2**31 - 1).map(Int)
    | st.integers(-(2**63), 2**63 - 1)
    | st.integers(-(2**63), 2**63 - 1).map(Timestamp)
    | st.floats(allow_nan=False)
    | st.floats(allow_nan=False, width=32).map(Float)
)
_SIMPLE = (
    st.none()
    | st.booleans()
    | _NUMBERS
    | st.text(max_size=300)
    | st.binary(max_size=300)
    | st.text("abc:-", max_size=300).map(Symbol)
    | st.characters(codec="utf-8").map(Char)
    | st.uuids()
    | st.binary(min_size=8, max_size=8).map(Decimal)
)
_ARRAYS = (
    st.lists(st.text(max_size=20)).map(Array)
    | st.lists(st.integers(0, 2**32 - 1).map(UInt)).map(Array)
    | st.lists(st.booleans()).map(Array)
)
VALUES = st.recursive(
    _SIMPLE | _ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(max_size=9), inner, max_size=5)
        | st.builds(Described, st.integers(0, 2**64 - 1).map(ULong), inner)
    ),
    max_leaves=20,
)


def typed(value) -> object:
    """Pair a value with its types all the way down, so that equal values of other types differ."""
    if isinstance(value, list):
        return type(value), [typed(entry) for entry in value]
    if isinstance(value, dict):
        return {key: typed(entry) for key, entry in value.items()}
    if isinstance(value, Described):
        return typed(value.descriptor), typed(value.value)
    return type(value), value


@given(VALUES)
@example(Described(ULong(0), Described(ULong(1), None)))
def test_a_value_comes_back(value) -> None:
    """What is encoded decodes to the same value of the same type, and is skipped as a whole."""
    data = encode(value)
    assert typed(decode_all(data)) == typed(value)
    assert skip(data + b"more", 0) == len(data)


@given(st.binary(max_size=200), st.integers(0, 3))
def test_bytes_decode_or_are_refused(data, at) -> None:
    """Whatever comes from a peer leads to a value or to the decoder's own error."""
    for read in (decode, skip):
        try:
            read(data, at)
        except DecodeError as problem:
            assert problem.description  # noqa: PT017  either way is right


@given(VALUES, st.integers(0, 400), st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused(value, place, byte) -> None:
    """Nearly right bytes are no harder than random ones."""
    data = bytearray(encode(value))
    data[place % len(data)] = byte
    try:
        decode(bytes(data))
    except DecodeError as problem:
        assert problem.condition == "amqp:decode-error"  # noqa: PT017  either way is right


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xd0\x00\x00\x00\x04\xff\xff\xff\xff", id="list-of-four-billion"),
        pytest.param(b"\xf0\x00\x00\x00\x05\xff\xff\xff\xff\x40", id="array-of-nulls"),
        pytest.param(b"\xb0\xff\xff\xff\xff", id="binary-of-four-gigabytes"),
        pytest.param(b"\x00" * 100_000, id="descriptions-within-each-other"),
        pytest.param(b"\xc0\xff\x01" * 5000, id="lists-within-each-other"),
        pytest.param(b"\xc1\x03\x01\x40\x40", id="map-with-half-a-pair"),
        pytest.param(b"\xc1\x04\x02\x45\x40\x40", id="map-with-a-list-as-key"),
        pytest.param(b"\xa1\x01\xff", id="text-that-is-none"),
        pytest.param(b"\x73\x00\x00\xd8\x00", id="half-a-character"),
        pytest.param(b"\x56\x02", id="boolean-of-two"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_hostile_values_are_refused(data) -> None:
    """A few bytes cannot ask for gigabytes, nor for a deeper stack than there is."""
    with pytest.raises(DecodeError):
        decode_all(data)


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=20),
        st.text(max_size=300) | st.integers(-(2**31), 2**31 - 1) | st.booleans() | st.uuids(),
        max_size=8,
    )
)
def test_a_map_of_the_client_is_read(value) -> None:
    """Application properties as the client writes them are read as it means them."""
    output = bytearray()
    _encode.encode_value(output, value)
    assert decode_all(bytes(output)) == value


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=20),
        st.none() | st.text(max_size=300) | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False),
        max_size=8,
    )
)
def test_the_client_reads_a_map(value) -> None:
    """Maps as we write them are read by the client."""
    data = memoryview(encode(value))
    rest, read = _decode._DECODE_BY_CONSTRUCTOR[data[0]](data[1:])
    assert not len(rest)  # a view of nothing is not false
    assert read == {
        key.encode(): entry.encode() if isinstance(entry, str) else entry for key, entry in value.items()
    }


def test_the_client_reads_every_performative() -> None:
    """Each is decoded by the client with all its fields, which it indexes."""
    made = [
        performatives.Open("me", max_frame_size=UInt(65536), idle_time_out=UInt(120_000)),
        performatives.Begin(UShort(1), UInt(0), UInt(2048), UInt(2048)),
        performatives.Attach("link", UInt(3), role=True, properties={Symbol("a"): 1}),
        performatives.Flow(None, UInt(5), UInt(0), UInt(5), handle=UInt(0), link_credit=UInt(300)),
        performatives.Disposition(
            role=True, first=UInt(7), last=UInt(7), settled=True, state=performatives.accepted()
        ),
        performatives.Detach(UInt(0), closed=True, error=performatives.error_of("amqp:not-found", "no")),
        performatives.End(),
        performatives.Close(),
    ]
    for performative in made:
        code, fields = _decode.decode_frame(memoryview(performative.encoded()))
        assert code == performative.code
        assert len(fields) == len(dataclasses.asdict(performative))  # type: ignore[call-overload]  # each is one


def test_performatives_of_the_client_are_read() -> None:
    """Its frames are read field by field."""
    _, data = _encode.encode_frame(theirs.OpenFrame("c", "h", 1048576, *[None] * 7))
    reader = FrameReader(max_frame_size=65536)
    reader.feed(frame(bytes(data or b"")))
    received = reader.frame()
    assert received is not None
    opening = performatives.Open.read(received.fields)
    assert (opening.container_id, opening.hostname, opening.max_frame_size) == ("c", "h", 1048576)


@given(st.binary(max_size=300))
def test_any_stream_is_frames_or_an_error(data) -> None:
    """A stream of bytes gives frames, waits for more, or ends with an error of the protocol."""
    reader = FrameReader(max_frame_size=512)
    reader.feed(data)
    try:
        while reader.frame() is not None:
            pass
    except AmqpError as problem:
        assert problem.condition in {"amqp:decode-error", "amqp:connection:framing-error"}  # noqa: PT017  either


@given(st.lists(_SIMPLE | st.lists(_SIMPLE, max_size=2), max_size=14))
def test_any_fields_are_a_performative_or_an_error(fields) -> None:
    """Fields of other types than the specification's are refused by name."""
    for kind in (performatives.Attach, performatives.Transfer, performatives.Flow, performatives.Open):
        try:
            kind.read(fields)
        except DecodeError as problem:
            assert kind.__name__.lower() in problem.description  # noqa: PT017  either way is right


@given(st.binary(max_size=120))
def test_any_message_is_events_or_an_error(data) -> None:
    """A message that is none is refused before it is kept."""
    for message_format in (0, 0x80013700):
        try:
            for event in events_of(data, message_format):
                annotated(event, {Symbol("x-opt-offset"): "1"})
        except DecodeError as problem:
            assert problem.description  # noqa: PT017  either way is right


def test_annotations_are_added_to_those_of_the_sender() -> None:
    """The hub's win; header, properties and body stay as they were, byte for byte."""
    header, body = b"\x00\x53\x70\xc0\x02\x01\x41", b"\x00\x53\x75\xa0\x02hi"
    own = b"\x00\x53\x72" + encode({Symbol("mine"): 1, Symbol("x-opt-offset"): "forged"})
    written = annotated(header + own + body, {Symbol("x-opt-offset"): "7"})
    assert annotations_of(written) == {"mine": 1, "x-opt-offset": "7"}
    assert written.startswith(header)
    assert written.endswith(body)


def test_uuids_and_decimals_keep_their_bytes() -> None:
    """What Python has a type for is that type, and the rest its bytes."""
    identifier = UUID(int=7)
    assert decode_all(b"\x98" + identifier.bytes) == identifier
    assert decode_all(b"\x94" + bytes(16)) == Decimal(bytes(16))
