"""``python -m sensor_scoring.preflight``: what it prints, for people and for pipelines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from azure_batch_emulator.runner.scripted import ScriptedRunner, succeed
from sensor_scoring.preflight.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_stack.services.azurite import BlobStorage
    from tests.sensor_scoring.conftest import Account


@pytest.fixture
def deployed(
    account_with: Callable[..., Account],
    storage: BlobStorage,  # noqa: ARG001  it connects the account
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Run a deployment without models and readings, whose clock has stopped long ago."""
    account_with(runner=ScriptedRunner(succeed))
    monkeypatch.setenv("SENSOR_SCORING_BATCH_CONN_ID", "batch_for_tests")
    monkeypatch.setenv("SENSOR_SCORING_WASB_CONN_ID", "wasb_for_tests")


@pytest.mark.usefixtures("deployed")
def test_people_get_a_line_for_each_finding_and_what_to_begin_with(capfd: pytest.CaptureFixture[str]) -> None:
    """The remedy stands below; what was not tried is not among what is missing."""
    assert main(["--without-database"]) == 1
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "fine     settings             all settings can be read"
    assert any(line.startswith("fine     batch account        signed in to ") for line in lines)
    at = next(place for place, line in enumerate(lines) if line.startswith("missing  models"))
    assert lines[at + 1].strip() == "-> airflow dags trigger train_models"
    assert lines[-1].endswith("things are missing; begin with clock")


@pytest.mark.usefixtures("deployed")
def test_pipelines_get_json_and_nothing_else(capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever Airflow logs goes to stderr."""
    assert main(["--without-database", "--json"]) == 1
    report = json.loads(capfd.readouterr().out)
    assert report["is_ready"] is False
    assert {"check", "verdict", "sentence", "remedy"} == set(report["findings"][0])
