"""Which event triggers what inside the engine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest

from azure_batch_emulator.runner.scripted import ScriptedRunner, succeed
from azure_batch_emulator.service import events
from azure_batch_emulator.service.engine import Engine
from azure_batch_emulator.service.events import Event, JobEnded
from azure_batch_emulator.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from azure_batch_emulator.records.jobs import Job


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Compose an engine with an empty account."""
    settings = Settings(account="emulated", key="a2V5", data=tmp_path)
    return Engine(settings, ScriptedRunner(succeed), now=datetime(2026, 3, 4, tzinfo=UTC))


def test_every_event_sets_something_off(engine: Engine) -> None:
    """Every event has a subscriber, and the table has no duplicates."""
    kinds = {each for each in vars(events).values() if isinstance(each, type) and issubclass(each, Event)}
    assert set(engine.core.listeners) == kinds - {Event}
    assert all(engine.core.listeners.values())


def test_an_event_without_its_line_is_an_error(engine: Engine) -> None:
    """Publishing an event that is not in the table fails at once."""
    del engine.core.listeners[JobEnded]
    with pytest.raises(KeyError):
        engine.core.publish(JobEnded(cast("Job", None)))
