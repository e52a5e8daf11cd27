"""An emulator in a thread for each test that asks for one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from azure_batch_emulator.clock import ManualClock
from azure_batch_emulator.server import EmulatorServer
from tests.batch_emulator.bench import Bench, client_of, present

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def bench_of(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Start emulators with a test's own settings."""
    opened: list[Any] = []

    def start(**settings: Any) -> Bench:
        settings.setdefault("clock", ManualClock())
        settings.setdefault("boot", timedelta())
        settings.setdefault("stop_grace", timedelta(seconds=0.5))
        settings.setdefault("data", tmp_path / f"data{len(opened)}")
        emulator = EmulatorServer(**settings).__enter__()
        client = client_of(emulator)
        opened.append((emulator, client))
        return Bench(emulator, client)

    yield start
    for emulator, client in opened:
        client.close()
        emulator.__exit__(None, None, None)


@pytest.fixture
def bench(bench_of: Callable[..., Bench]) -> Bench:
    """Start an emulator with a stopped clock whose nodes boot at once."""
    return bench_of()


@pytest.fixture
def ready(bench: Bench) -> Bench:
    """Start an emulator with a pool of one node and a job."""
    bench.pool()
    bench.job()
    return bench


@pytest.fixture
def refusal() -> Callable[..., Any]:
    """Return a function that expects an error with a status and a code, and returns it."""

    def expect(action: Callable[[], Any], *, status: int, code: str) -> Any:
        from azure.core.exceptions import HttpResponseError  # noqa: PLC0415  one use

        with pytest.raises(HttpResponseError) as caught:
            action()
        assert caught.value.status_code == status
        assert present(caught.value.error).code == code
        return caught.value

    return expect
