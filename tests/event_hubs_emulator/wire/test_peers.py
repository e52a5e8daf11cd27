"""Peers that are not the client: silent, hostile, or of few words."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING

import pytest
from azure.eventhub import EventData

from azure_event_hubs_emulator.amqp.frames import (
    AMQP_HEADER,
    EMPTY_FRAME,
    SASL_FRAME,
    SASL_HEADER,
    FrameReader,
    frame,
)
from azure_event_hubs_emulator.amqp.performatives import (
    Attach,
    Begin,
    Close,
    Detach,
    End,
    Flow,
    Open,
    SaslInit,
    SaslOutcome,
    Transfer,
)
from azure_event_hubs_emulator.amqp.types import Described, Symbol, UInt, ULong
from tests.event_hubs_emulator.hub_clients import bodies, producer_of, receive, send
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_event_hubs_emulator.amqp.frames import Frame
    from azure_event_hubs_emulator.amqp.performatives import Performative


class Peer:
    """A socket that speaks frames."""

    def __init__(self, emulator) -> None:
        self.socket = socket.create_connection(("127.0.0.1", emulator.port), timeout=20)
        self._reader = FrameReader(max_frame_size=1 << 20)

    def say(self, *performatives: Performative, channel=0) -> None:
        """Send frames."""
        for performative in performatives:
            self.socket.sendall(frame(performative.encoded(), channel=channel))

    def sign_in(self, mechanism="ANONYMOUS", response=b"") -> int:
        """Go through SASL; return the outcome's code."""
        init = SaslInit(Symbol(mechanism), response).encoded()
        self.socket.sendall(SASL_HEADER + frame(init, kind=SASL_FRAME))
        self._header()
        self.hear()
        outcome = SaslOutcome.read(self.hear().fields)
        return int(outcome.result)

    def open(self, **opening) -> Open:
        """Sign in and open a connection with a session."""
        assert self.sign_in(*opening.pop("sasl", ())) == 0
        self.socket.sendall(AMQP_HEADER)
        self._header()
        self.say(Open("peer", **opening), Begin(None, UInt(0), UInt(9), UInt(9)))
        answer = Open.read(self.hear().fields)
        assert self.hear().code == Begin.code
        return answer

    def hear(self) -> Frame:
        """Read the next frame."""
        while (received := self._reader.frame()) is None:
            data = self.socket.recv(65536)
            assert data, "the connection has ended"
            self._reader.feed(data)
        return received

    def has_ended(self) -> bool:
        """Read until the emulator closes the connection."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return True

    def _header(self) -> None:
        while (header := self._reader.header()) is None:
            self._reader.feed(self.socket.recv(65536))
        assert header in {AMQP_HEADER, SASL_HEADER}

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


@pytest.fixture
def peer(emulator) -> Iterator[Peer]:
    """Connect."""
    with closing(Peer(emulator)) as connected:
        yield connected


def to(address, *, name="link", handle=0, **fields) -> Attach:
    """Make the attach of a sender."""
    return Attach(name, UInt(handle), role=False, target=Described(ULong(0x29), [address]), **fields)


def problem_of(received) -> tuple[str, str]:
    """Take condition and sentence from a detach, an end or a close."""
    condition, description, *_ = next(f for f in received.fields if isinstance(f, Described)).value
    return condition, description


def test_garbage_ends_its_own_connection(emulator) -> None:
    """Connections of noise are closed, at whatever point it begins; others live on."""
    random = Random(7)
    for stage in range(12):
        with closing(Peer(emulator)) as hostile:
            if stage % 3 == 1:
                hostile.sign_in()
            elif stage % 3 == 2:
                hostile.open()
            hostile.socket.sendall(b"\x00\x00\x00\x20\x02\x00\x00\x00" + random.randbytes(400))
            hostile.socket.shutdown(socket.SHUT_WR)
            assert hostile.has_ended()
    send(emulator, ["a"], partition_id="0")
    assert bodies(receive(emulator, 1)) == ["a"]


def test_a_frame_that_is_too_long_is_refused(peer) -> None:
    """The announced size is enough; nothing of it is waited for."""
    peer.open()
    peer.socket.sendall(b"\x7f\xff\xff\xff\x02\x00\x00\x00")
    assert problem_of(peer.hear())[0] == "amqp:connection:framing-error"
    assert peer.has_ended()


def test_nothing_goes_without_a_token(peer) -> None:
    """Sender, receiver and ``$management`` are refused, each with the service's condition."""
    peer.open()
    for handle, attach in enumerate(
        (
            to("sensors"),
            to("$management", handle=1),
            Attach(
                "in",
                UInt(2),
                role=True,
                source=Described(ULong(0x28), ["sensors/ConsumerGroups/$Default/Partitions/0"]),
            ),
        )
    ):
        peer.say(attach)
        assert peer.hear().code == Attach.code
        refusal = peer.hear()
        assert refusal.code == Detach.code
        assert refusal.fields[0] == handle
        assert problem_of(refusal)[0] == "amqp:unauthorized-access"


def test_plain_takes_the_policys_key(emulator, peer) -> None:
    """Name and key open everything; a wrong key nothing."""
    policy = emulator.settings.policy
    with closing(Peer(emulator)) as wrong:
        assert wrong.sign_in("PLAIN", f"\0{policy.name}\0guess".encode()) == 1
        assert wrong.has_ended()
    peer.open(sasl=("PLAIN", f"\0{policy.name}\0{policy.key}".encode()))
    peer.say(to("sensors"))
    assert peer.hear().code == Attach.code
    assert peer.hear().code == Flow.code


def test_a_transfer_without_a_link_ends_the_session(peer) -> None:
    """Whoever sends to a handle that is not attached has its session ended."""
    peer.open()
    peer.say(Transfer(UInt(5), UInt(0), b"1", UInt(0)))
    ended = peer.hear()
    assert ended.code == End.code
    assert problem_of(ended)[0] == "amqp:session:unattached-handle"


def test_messages_that_are_none_are_rejected(emulator, peer) -> None:
    """A delivery that is no event is rejected, and the next one is kept."""
    policy = emulator.settings.policy
    peer.open(sasl=("PLAIN", f"\0{policy.name}\0{policy.key}".encode()))
    peer.say(to("sensors/Partitions/0"))
    assert [peer.hear().code, peer.hear().code] == [Attach.code, Flow.code]
    event = b"\x00\x53\x75\xa0\x01a"
    for number, payload in enumerate((b"noise", b"", b"\x00\x53\x70\x45", event)):
        transfer = Transfer(UInt(0), UInt(number), bytes((number,)), UInt(0)).encoded()
        peer.socket.sendall(frame(transfer, payload=payload))
    outcomes = [peer.hear().fields[4].descriptor for _ in range(4)]
    assert outcomes == [0x25, 0x25, 0x25, 0x24]
    assert bodies(receive(emulator, 1)) == ["a"]


def test_silence_ends_a_connection(emulator_of) -> None:
    """Who says nothing is told why it is closed; who sends empty frames is not."""
    emulator = emulator_of(idle_seconds=1.0)
    with closing(Peer(emulator)) as silent, closing(Peer(emulator)) as alive:
        assert silent.open().idle_time_out == 500
        alive.open(idle_time_out=UInt(2000))
        ended = None
        while ended is None:
            alive.socket.sendall(EMPTY_FRAME)
            silent.socket.settimeout(0.2)
            try:
                ended = silent.hear()
            except TimeoutError:
                continue
        assert ended.code == Close.code
        assert "inactive for more than the allowed 1000 milliseconds" in problem_of(ended)[1]
        # It was told that silence of more than two seconds would not do.
        began = time.monotonic()
        while alive.hear().code is not None:
            pass
        assert time.monotonic() - began < 20


def test_a_connection_has_to_be_opened(emulator_of) -> None:
    """Who connects and says nothing does not keep a place."""
    emulator = emulator_of(handshake_seconds=0.2, most_connections=1)
    with closing(Peer(emulator)) as silent:
        with closing(Peer(emulator)) as second:
            assert second.has_ended()
        assert silent.has_ended()


def test_a_flood_is_taken_in_bit_by_bit(emulator, peer) -> None:
    """A peer that sends frames faster than they are handled is read more slowly, and others are served."""
    peer.open()
    peer.socket.sendall(EMPTY_FRAME * 100_000)
    waiting = emulator.call(lambda running: [len(c._reader._buffer) for c in running.host._connections])
    assert max(waiting) <= 300_000
    peer.say(Close())
    assert peer.hear().code == Close.code


def test_a_slow_reader_holds_little(emulator) -> None:
    """A reader that takes nothing of what it asked for does not fill the memory."""
    with producer_of(emulator) as producer:
        for _ in range(14):
            producer.send_batch([EventData("x" * 9000)] * 100, partition_id="0")
    policy = emulator.settings.policy
    with closing(Peer(emulator)) as slow:
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.open(sasl=("PLAIN", f"\0{policy.name}\0{policy.key}".encode()))
        source = Described(ULong(0x28), ["sensors/ConsumerGroups/$Default/Partitions/0"])
        slow.say(Attach("in", UInt(0), role=True, source=source))
        slow.say(
            Flow(
                UInt(0), UInt(100_000), UInt(0), UInt(9),
                handle=UInt(0), delivery_count=UInt(0), link_credit=UInt(100_000),
            )
        )  # fmt: skip
        assert slow.hear().code == Attach.code
        blocked = until(
            lambda: emulator.call(
                lambda running: [
                    connection._transport.get_write_buffer_size()
                    for connection in running.host._connections
                    if connection.is_blocked
                ]
            )
        )
        assert max(blocked) < 300_000
        send(emulator, ["y"], partition_id="1")
    assert bodies(receive(emulator, 1, partition="1")) == ["y"]
