"""Clients that send nothing, dribble or do not read, on raw sockets with short limits."""

from __future__ import annotations

import contextlib
import socket
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import AzureError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.batch_emulator.bench import Bench

SHORT = timedelta(seconds=0.4)
LONG = timedelta(hours=1)
GUARD_SECONDS = 30.0
"""Only against hanging: what is to be closed is closed after ``SHORT``."""
HEADERS = b"GET /pools?api-version=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture
def served(bench_of: Callable[..., Bench]) -> Callable[..., Bench]:
    """Start an emulator with one short limit."""

    def start(limit: str) -> Bench:
        limits = dict.fromkeys(("idle_timeout", "request_timeout", "send_timeout"), LONG)
        return bench_of(controls=True, **{**limits, limit: SHORT})

    return start


def connect(bench: Bench) -> socket.socket:
    """Open a connection."""
    address = urlsplit(bench.emulator.endpoint)
    connection = socket.create_connection((address.hostname, address.port))
    connection.settimeout(GUARD_SECONDS)
    return connection


def answer(connection: socket.socket) -> bytes:
    """Read one complete response; return its status line."""
    with connection.makefile("rb") as lines:
        status: bytes = lines.readline()
        headers = dict(line.lower().split(b": ") for line in iter(lines.readline, b"\r\n"))
        lines.read(int(headers[b"content-length"]))
    return status.strip()


def rest(connection: socket.socket) -> bytes:
    """Read until the other side closes."""
    content = b""
    try:
        while piece := connection.recv(1 << 16):
            content += piece
    except ConnectionResetError:
        pass
    return content


def dribble(connection: socket.socket, piece: bytes) -> None:
    """Send a piece over and over until the other side closes."""
    deadline = time.monotonic() + GUARD_SECONDS
    connection.settimeout(0.05)  # the pause between two pieces
    while time.monotonic() < deadline:
        try:
            connection.sendall(piece)
            if not connection.recv(1 << 16):
                return
        except TimeoutError:
            continue
        except (BrokenPipeError, ConnectionResetError):
            return
    raise AssertionError("the connection is still open")


def still_serves(bench: Bench) -> bool:
    """Send a request on another connection."""
    return list(bench.client.list_pools()) == []


def test_a_connection_without_a_request_is_closed(served: Callable[..., Bench]) -> None:
    """A silent client is disconnected without a response."""
    bench = served("idle_timeout")
    with connect(bench) as connection:
        assert rest(connection) == b""
    assert still_serves(bench)


def test_a_connection_that_is_not_used_again_is_closed(served: Callable[..., Bench]) -> None:
    """After a response, an idle connection lives as long as before the first request."""
    bench = served("idle_timeout")
    with connect(bench) as connection:
        for _ in range(2):
            connection.sendall(HEADERS + b"\r\n")
            assert answer(connection) == b"HTTP/1.1 403 Forbidden"
        assert rest(connection) == b""


def test_dribbled_headers_are_not_waited_for(served: Callable[..., Bench]) -> None:
    """Sending one header after the other does not keep a connection open."""
    bench = served("request_timeout")
    with connect(bench) as connection:
        connection.sendall(HEADERS)
        dribble(connection, b"X-More: 1\r\n")
    assert still_serves(bench)


def test_headers_that_stop_are_answered_with_408(served: Callable[..., Bench]) -> None:
    """A request whose headers stop gets a response, and the connection closes."""
    with connect(served("request_timeout")) as connection:
        connection.sendall(HEADERS)
        assert rest(connection).startswith(b"HTTP/1.1 408 Request Timeout")


def test_a_second_request_has_the_limit_too(served: Callable[..., Bench]) -> None:
    """The limit of a request starts with its own first byte."""
    with connect(served("request_timeout")) as connection:
        connection.sendall(HEADERS + b"\r\n")
        assert answer(connection) == b"HTTP/1.1 403 Forbidden"
        connection.sendall(HEADERS)
        assert rest(connection).startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize("length", [b"Content-Length: 1000\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_a_body_that_never_ends_is_not_carried_out(served: Callable[..., Bench], length: bytes) -> None:
    """A missing body times out, and the request is not executed, even if its body is optional."""
    bench = served("request_timeout")
    with connect(bench) as connection:
        connection.sendall(b"POST /_emulator/quotas HTTP/1.1\r\nHost: 127.0.0.1\r\n" + length + b"\r\n")
        assert rest(connection).startswith(b"HTTP/1.1 408")


def test_a_request_whose_client_goes_is_not_carried_out(served: Callable[..., Bench]) -> None:
    """A truncated body changes nothing, even if the body is optional."""
    bench = served("request_timeout")
    with connect(bench) as connection:
        connection.sendall(
            b'POST /_emulator/quotas HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 16\r\n\r\n{"pools": 3}'
        )
        connection.shutdown(socket.SHUT_WR)
        assert rest(connection) == b""
    assert bench.emulator.call(lambda engine: engine.quotas.change())["pools"] == 100


def test_a_dribbled_body_is_not_waited_for(served: Callable[..., Bench]) -> None:
    """Sending a byte now and then does not keep a connection open."""
    bench = served("request_timeout")
    with connect(bench) as connection:
        connection.sendall(b"POST /pools?api-version=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
        dribble(connection, b" ")
    assert still_serves(bench)


def test_headers_without_end_are_refused(served: Callable[..., Bench]) -> None:
    """The size of headers is limited, so that nobody fills the memory with them."""
    with connect(served("idle_timeout")) as connection:
        connection.sendall(HEADERS)
        dribble(connection, b"X-More: " + b"x" * 10_000 + b"\r\n")


def test_a_client_that_does_not_read_is_hung_up_on(served: Callable[..., Bench]) -> None:
    """Requesting a large file without reading it does not keep it open."""
    bench = served("send_timeout")
    bench.pool()
    bench.job()
    bench.run(bench.sh("truncate -s 200M big"))
    pieces = bench.client.download_task_file("job", "task", "wd/big")
    next(pieces)
    assert any(name.endswith("/big") for name in open_files())
    bench.until(lambda: not any(name.endswith("/big") for name in open_files()))
    with pytest.raises(AzureError):
        for _ in pieces:
            pass


def open_files() -> list[str]:
    """List this process's open files."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.append(str(descriptor.readlink()))
    return found


def test_a_late_answer_has_no_limit(served: Callable[..., Bench]) -> None:
    """A response that a fault delays is still sent."""
    for limit in ("idle_timeout", "request_timeout", "send_timeout"):
        bench = served(limit)
        bench.emulator.faults.slow(1.0)
        assert still_serves(bench)
