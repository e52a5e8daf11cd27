"""``make plan``, ``deploy`` and ``destroy``, with a stand-in for ``az`` that records what it is told."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra.__main__ import main
from tests.infra.deployments import AIRFLOW
from tests.support.typed import ROOT, typed

if TYPE_CHECKING:
    from collections.abc import Callable

AZ = """#!/bin/bash
echo "$*" >> "$AZ_SAID"
[ "$1 $3" = "$AZ_FAILS" ] && exit 3
case "$1 $2 $3" in
  "deployment group what-if") echo "Resource changes: 45 to create." ;;
  "deployment group create") cat "$AZ_OUTPUTS" ;;
  "account show --query") echo '{"name": "Example"}' ;;
  "resource list --resource-group")
    echo '[{"type": "Microsoft.Storage/storageAccounts", "name": "scoring1"},
           {"type": "Microsoft.Batch/batchAccounts", "name": "scoring2"}]' ;;
esac
"""
OUTPUTS = {
    "environment": {"type": "Object", "value": {"SENSOR_SCORING_POOL_ID": "sensor-scoring"}},
    "job": {"type": "String", "value": "scoring3"},
}
SIZE = ROOT / "infra" / "sizes" / "1000.bicepparam"


@pytest.fixture
def az(tmp_path: Path) -> dict[str, str]:
    """Put the stand-in on the path; return the environment."""
    program = tmp_path / "bin" / "az"
    program.parent.mkdir()
    program.write_text(AZ)
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    (tmp_path / "outputs.json").write_text(json.dumps(OUTPUTS))
    (tmp_path / "said").touch()
    return {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "AZ_SAID": str(tmp_path / "said"),
        "AZ_OUTPUTS": str(tmp_path / "outputs.json"),
        "IMAGE": "sensor-scoring:0.1.0",
        "AIRFLOW_PRINCIPAL_ID": AIRFLOW,
    }


def said(az: dict[str, str]) -> list[str]:
    """Return what ``az`` was told, a line each."""
    return Path(az["AZ_SAID"]).read_text().splitlines()


@pytest.fixture
def infra(az, monkeypatch, capfd) -> Callable[..., tuple[int, str, str]]:
    """Return what runs a command while somebody types; it returns exit code, output and errors."""
    for name, value in az.items():
        monkeypatch.setenv(name, value)

    def run(*words: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = main(words)
        return code, *capfd.readouterr()

    return run


def test_plan_asks_what_would_change(az, tmp_path) -> None:
    """As typed behind make, with the parameters of the size."""
    done = typed("make plan GROUP=scoring SIZE=1000", tmp_path, **az)
    assert done.returncode == 0, done.stderr
    assert "45 to create" in done.stdout
    assert said(az) == [f"deployment group what-if --resource-group scoring --parameters {SIZE}"]


def test_deploy_shows_the_plan_asks_and_prints_what_airflow_needs(az, infra) -> None:
    """What is deployed is what was shown."""
    code, out, err = infra("deploy", "--group", "scoring", "--size", "1000", typed="scoring\n")
    assert code == 0, err
    assert "the resource group scoring of the subscription Example" in out
    assert "\nSENSOR_SCORING_POOL_ID=sensor-scoring\n" in out
    assert "az stream-analytics job start --resource-group scoring --job-name scoring3" in out
    assert [line.rpartition(" --query")[0] or line for line in said(az)] == [
        f"deployment group what-if --resource-group scoring --parameters {SIZE}",
        "account show",
        f"deployment group create --resource-group scoring --name sensor-scoring --parameters {SIZE}",
    ]


def test_destroy_names_what_is_deleted_and_asks(az, infra) -> None:
    """The whole resource group, and so each resource in it."""
    code, out, err = infra("destroy", "--group", "scoring", typed="scoring\n")
    assert code == 0, err
    assert "2 resources would be deleted" in out
    assert "Microsoft.Storage/storageAccounts  scoring1" in out
    assert "the resource group scoring of the subscription Example" in out
    assert said(az)[-1] == "group delete --name scoring --yes"


@pytest.mark.parametrize("answer", ["", "yes\n", "scoring2\n"])
@pytest.mark.parametrize("command", ["deploy", "destroy"])
def test_nothing_changes_unless_the_groups_name_is_typed(az, infra, command, answer) -> None:
    """No answer, another word and another group's name are refusals."""
    code, _, err = infra(command, "--group", "scoring", typed=answer)
    assert (code, err) == (1, "that is not its name: nothing was changed\n")
    assert not [line for line in said(az) if " create " in line or " delete " in line]


def test_a_plan_that_fails_is_not_deployed(az, infra, monkeypatch) -> None:
    """Nobody is asked, and the sentence names the command."""
    monkeypatch.setenv("AZ_FAILS", "deployment what-if")
    code, _, err = infra("deploy", "--group", "scoring", typed="scoring\n")
    assert code == 1
    assert err.startswith("az deployment group what-if")
    assert len(said(az)) == 1


def test_what_is_missing_is_named_before_azure_is_asked(az, infra, monkeypatch) -> None:
    """A size that there is not, a variable of the parameters, or az itself."""
    assert infra("plan", "--group", "scoring", "--size", "7") == (
        1,
        "",
        "SIZE=7 is none of 15, 1000, 20000: the number of sensors\n",
    )
    monkeypatch.delenv("IMAGE")
    code, _, err = infra("plan", "--group", "scoring")
    assert code == 1
    assert "the environment has no variable IMAGE" in err
    assert said(az) == []
    monkeypatch.setenv("IMAGE", "a:1")
    monkeypatch.setenv("PATH", "/nonexistent")
    code, _, err = infra("plan", "--group", "scoring")
    assert code == 1
    assert err.startswith("az is missing")
