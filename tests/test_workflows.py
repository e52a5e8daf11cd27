"""CI runs what people run."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.support.typed import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_runs_targets_of_make_alone(workflow) -> None:
    """Whatever fails in CI can be repeated on a laptop with the same command."""
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    jobs = yaml.safe_load(workflow.read_text())["jobs"].values()
    commands = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    assert commands
    assert {command.removeprefix("make ") for command in commands} <= set(targets)
    assert all(command.startswith("make ") for command in commands)
