"""``make devices``, as people type it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest.event_hub import CONNECTION_VARIABLE, HOST_VARIABLE, NAME_VARIABLE, URI_VARIABLE
from tests.event_hubs_emulator.emulator_process import EmulatorProcess
from tests.ingest.devices.sender_process import hub_environ
from tests.support.typed import typed

if TYPE_CHECKING:
    from pathlib import Path


def test_it_names_the_variable_to_set(tmp_path: Path) -> None:
    """Without an event hub there is nothing to send to."""
    unset = dict.fromkeys((CONNECTION_VARIABLE, HOST_VARIABLE, NAME_VARIABLE, URI_VARIABLE), "")
    done = typed("make devices", tmp_path, **unset)
    assert done.returncode == 2
    assert f"set {CONNECTION_VARIABLE}, or" in done.stderr


def test_hours_that_are_over_are_sent_at_once(tmp_path: Path) -> None:
    """With ``UNTIL`` it ends by itself."""
    with EmulatorProcess(tmp_path / "hub") as hub:
        done = typed(
            "make devices DEVICES=2 TAGS=1 HOURS=1 UNTIL=2026-01-01T00", tmp_path, **hub_environ(hub)
        )
        assert done.returncode == 0, done.stderr
        assert '"acknowledged": 480,' in done.stdout


@pytest.mark.parametrize(
    ("variables", "is_live"), [("", True), ("UNTIL=2026-01-01T00", False), ("SPEED=60", False)]
)
def test_without_an_end_it_goes_on_in_real_time(tmp_path: Path, variables: str, is_live: bool) -> None:  # noqa: FBT001
    """The speed is 1 unless hours or a speed are named."""
    shown = typed(f"make -n devices {variables}", tmp_path).stdout
    assert ("--speed 1" in shown) == is_live
