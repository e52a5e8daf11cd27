"""An Event Hubs emulator in a thread for each test that asks for one."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from azure_event_hubs_emulator.hubs import HubSpec
from azure_event_hubs_emulator.server import EventHubsServer
from tests.event_hubs_emulator.hub_clients import HUB
from tests.event_hubs_emulator.left_sockets import TOLERATED, collected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the client drop broken sockets without closing them, in the tests of this folder."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(TOLERATED)


@pytest.fixture(autouse=True, scope="module")
def _no_sockets_left() -> Iterator[None]:
    with collected():
        yield


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
