"""An Event Hubs emulator in a thread for each test that asks for one."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from azure_event_hubs_emulator.hubs import HubSpec
from azure_event_hubs_emulator.server import EventHubsServer
from tests.event_hubs_emulator.hub_clients import HUB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def emulator_of(tmp_path: Path) -> Iterator[Callable[..., EventHubsServer]]:
    """Start emulators with a test's own settings; they end with the test."""
    with ExitStack() as stack:

        def start(**settings: Any) -> EventHubsServer:
            settings.setdefault("data", tmp_path / "data")
            settings.setdefault("hubs", (HubSpec(HUB, 2, ("scoring",)),))
            return stack.enter_context(EventHubsServer(**settings))

        yield start


@pytest.fixture
def emulator(emulator_of: Callable[..., EventHubsServer]) -> EventHubsServer:
    """Start an emulator with a hub of two partitions."""
    return emulator_of()
