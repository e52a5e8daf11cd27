"""A data folder: whose it is, and what may change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from azure_event_hubs_emulator.errors import BadState
from azure_event_hubs_emulator.hubs import HubSpec
from azure_event_hubs_emulator.store.hub_store import HubStore
from azure_event_hubs_emulator.store.partition_log import Retention

NOW = datetime(2026, 3, 4, tzinfo=UTC)


def store_in(folder, *hubs: HubSpec, now=NOW) -> HubStore:
    """Open a folder."""
    return HubStore(folder, hubs or [HubSpec("sensors", 2)], now=now, retention=Retention())


def test_a_folder_has_one_owner(tmp_path) -> None:
    """The second is refused in one sentence, until the first has gone."""
    first = store_in(tmp_path)
    with pytest.raises(BadState, match=f"^another emulator runs on {tmp_path}$"):
        store_in(tmp_path)
    first.close()
    store_in(tmp_path).close()


def test_a_hub_keeps_its_partitions(tmp_path) -> None:
    """Another number is refused, as keys would lead elsewhere; a hub's first moment stays."""
    store_in(tmp_path).close()
    with pytest.raises(BadState, match=r"hub sensors has 2 partitions .* not 4"):
        store_in(tmp_path, HubSpec("sensors", 4))
    again = store_in(
        tmp_path, HubSpec("Sensors", 2), HubSpec("more", 1), now=datetime(2027, 1, 1, tzinfo=UTC)
    )
    assert again.created(HubSpec("sensors", 2)) == NOW
    again.close()
