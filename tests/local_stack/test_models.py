"""``make models`` on the data of a stack."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from local_stack.bootstrap import ROOT
from local_stack.services.azurite import running_azurite
from scoring_contract.hour import RunHour
from scoring_contract.layout import REGISTRY_BLOB, Container
from scoring_contract.messages.manifest import ModelRef
from scoring_contract.messages.registry import Registry, TrainedModel, TrainedSensor

if TYPE_CHECKING:
    from pathlib import Path

HOUR = RunHour.parse("2018-08-29T02")


def typed(*words: str, data: Path) -> subprocess.CompletedProcess[str]:
    """Run ``make models DO="..."`` with data in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "local_stack", "models", *words],
        cwd=ROOT,
        env={**os.environ, "LOCAL_STACK_DATA": str(data), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def left_by_a_stack(data: Path) -> None:
    """Write a registry as ``make up`` followed by ``make down`` leaves it."""
    world = data / "worlds" / "standing"
    registry = Registry()
    for version in ("v1", "v2"):
        model = TrainedModel(ModelRef(version, f"{version}.json", "0" * 64, "f"), HOUR, HOUR.next, 60, {})
        registry = registry.publishing([TrainedSensor("1_4", "1", "4", model)])
    with running_azurite(world / "blobs", log=world / "logs" / "azurite.log") as storage:
        storage.container(Container.MODELS).upload_blob(REGISTRY_BLOB, registry.to_json())


def test_without_a_stack_and_without_data_it_says_so(tmp_path: Path) -> None:
    """One sentence says which command comes first."""
    done = typed("list", data=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: no stack is up, and there is no data of one: run make up first\n"


def test_the_data_of_a_stack_that_is_down_can_be_changed(tmp_path: Path) -> None:
    """Blob Storage runs just for the command, and the change persists."""
    left_by_a_stack(tmp_path)
    back = typed("rollback", "1_4", data=tmp_path)
    assert (back.returncode, back.stdout) == (0, "1_4: v1 is current, was v2\n")
    again = typed("rollback", "1_4", data=tmp_path)
    assert again.returncode == 2
    assert "1_4: v1 is its first current version" in again.stderr, "the next start finds what was changed"
