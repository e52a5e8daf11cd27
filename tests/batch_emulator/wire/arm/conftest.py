"""An emulator that takes tokens, and a management client."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.batch_emulator.wire.arm.resource_manager import ResourceManager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.batch_emulator.bench import Bench


@pytest.fixture
def resources_of() -> Iterator[Callable[[Bench], ResourceManager]]:
    """Make management clients of emulators."""
    opened: list[ResourceManager] = []

    def open_one(bench: Bench) -> ResourceManager:
        opened.append(ResourceManager(bench.emulator))
        return opened[-1]

    yield open_one
    for found in opened:
        found.close()


@pytest.fixture
def bench(bench_of: Callable[..., Bench]) -> Bench:
    """Start an emulator with a stopped clock that takes any token; what is deleted lasts a little."""
    return bench_of(allow_bearer=True, deletion=timedelta(seconds=0.5))


@pytest.fixture
def resources(bench: Bench, resources_of: Callable[[Bench], ResourceManager]) -> ResourceManager:
    """Make a management client of the emulator."""
    return resources_of(bench)
