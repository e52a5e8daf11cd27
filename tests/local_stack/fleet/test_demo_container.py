"""When the demo of the containers begins, and where; ``images/test_compose_demo.py`` runs it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from local_stack.fleet.demo_container import demo_of, main, storage_of
from local_stack.fleet.live_fleet import LiveFleet
from scoring_contract.layout import Container
from tests.support.blob_storage import empty

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from local_stack.services.azurite import BlobStorage

NOW = datetime(2026, 11, 27, 12, 52, tzinfo=UTC)


def test_it_begins_only_where_nobody_has_brought_readings(azurite: BlobStorage, tmp_path: Path) -> None:
    """Beside people's own readings no fleet is simulated; one that has begun goes on beside its own."""
    empty(azurite)
    fleet = LiveFleet(azurite, ended=tmp_path / "ended")
    begun = demo_of(tmp_path / "demo.json", fleet, azurite, now=NOW)
    assert begun
    assert str(begun.day.last) == "2026-11-27T11"
    with azurite.container(Container.DATA) as data:
        data.upload_blob("readings/of-people", b"")
    assert demo_of(tmp_path / "other.json", fleet, azurite, now=NOW) is None
    again = demo_of(tmp_path / "demo.json", fleet, azurite, now=NOW)
    assert again
    assert again.day == begun.day
    empty(azurite)


def test_its_containers_have_the_names_of_the_settings() -> None:
    """What .env renames, the demo finds by the new name, also in what it hands to training."""
    account = storage_of({"BLOB_ACCOUNT_KEY": "a2V5", "SENSOR_SCORING_DATA_CONTAINER": "plant"})
    with account.container(Container.DATA) as data, account.container(Container.MODELS) as models:
        assert (data.container_name, models.container_name) == ("plant", "models")
    assert account.signed_url(Container.DATA, "r").startswith("http://azurite:10000/devstoreaccount1/plant?")


def test_the_end_of_a_fleet_that_never_was_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no demo has begun, sensors named like the fleet's are people's own, and keep their models."""
    monkeypatch.setenv("BLOB_ACCOUNT_KEY", "a2V5")
    assert main([str(tmp_path), "--end"]) == 0
    assert "nothing has changed" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())
