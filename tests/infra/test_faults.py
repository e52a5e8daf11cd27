"""Faults that are planted in the templates, one at a time, are found, and named with file and line."""

from __future__ import annotations

import re
import shutil
import tomllib
from typing import TYPE_CHECKING

import pytest

from infra.check.bodies import GAPS
from infra.check.errors import TemplateFault
from infra.check.parameters import read_parameters
from infra.check.policy import EXCEPTIONS
from infra.check.resource_types import ResourceType
from tests.infra.deployments import INFRA, faults
from tests.support.typed import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PLANTED = tomllib.loads((ROOT / "tests" / "infra" / "planted_faults.toml").read_text())
BESIDE = (
    "ingest/stream_analytics/job.json",
    "ingest/stream_analytics/query.asaql",
    "monitoring/application-insights.json",
)
"""Files that the templates load."""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the templates, and what they load."""
    shutil.copytree(INFRA, tmp_path / "infra", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for name in BESIDE:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    return tmp_path / "infra"


def plant(copy: Path, file: str, right: str, wrong: str) -> None:
    """Write something else into a file, once."""
    text = (copy / file).read_text()
    assert right in text
    (copy / file).write_text(text.replace(right, wrong, 1))


def test_the_copy_is_right(copy: Path) -> None:
    """What is found below was planted."""
    assert faults(copy, "private", copy.rglob("*.bicep")) == []


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(copy: Path, name) -> None:
    """The sentence says what is wrong."""
    fault = PLANTED[name]
    plant(copy, fault["file"], fault["right"], fault["wrong"])
    changed = {copy / "main.bicep", copy / fault["file"]}
    templates = [file for file in changed if file.suffix == ".bicep"]
    found = faults(copy, fault.get("option", "private"), templates)
    assert [each for each in found if re.search(fault["told"], each)], found


def test_a_gap_of_the_models_that_is_filled_is_a_fault(copy: Path, monkeypatch) -> None:
    """An excuse that nothing needs any more goes."""
    monkeypatch.setitem(GAPS, "Microsoft.Batch/batchAccounts", {"properties.encryption"})
    assert any(
        "properties.encryption is no gap of the models any more" in each
        for each in faults(copy, "private", ())
    )


def test_every_exception_is_explained() -> None:
    """With a sentence."""
    assert all(len(reason.split()) > 5 for reason in EXCEPTIONS.values())


def test_a_variable_that_is_not_set_is_named() -> None:
    """What differs between deployments comes from the environment."""
    with pytest.raises(TemplateFault, match=r"15\.bicepparam:\d+: .*the environment has no variable IMAGE"):
        read_parameters(INFRA / "sizes" / "15.bicepparam", {})


def test_a_type_that_no_client_makes_has_no_version() -> None:
    """A row of the table of types with a misspelt name is not passed."""
    with pytest.raises(LookupError, match=r"makes no Microsoft\.Batch/account"):
        _ = ResourceType("Microsoft.Batch/account", "batch", "Pool", "Pool").api_version
    with pytest.raises(LookupError, match="has no model Pol"):
        _ = ResourceType("Microsoft.Batch/batchAccounts/pools", "batch", "Pol", "Pool").body
