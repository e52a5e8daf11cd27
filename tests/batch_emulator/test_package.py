"""What ``pip install ./batch_emulator`` would install is what the code needs."""

from __future__ import annotations

import importlib
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.support.sources import packages_of

FOLDER = Path(__file__).parents[2] / "batch_emulator"
PROJECT = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
REQUIREMENTS = {requirement.name: requirement for requirement in map(Requirement, PROJECT["dependencies"])}


def test_dependencies_are_what_is_imported() -> None:
    """None is missing, and none is superfluous."""
    theirs = packages_of(*FOLDER.rglob("azure_batch_*/**/*.py")) - set(sys.stdlib_module_names)
    assert set(REQUIREMENTS) == theirs - {"azure_batch_emulator", "azure_batch_lab"}


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_versions_are_those_that_are_tested(name: str) -> None:
    """The versions that tests run with satisfy the requirements."""
    assert REQUIREMENTS[name].specifier.contains(version(name))


@pytest.mark.parametrize("script", PROJECT["scripts"])
def test_scripts_lead_to_something(script: str) -> None:
    """Each names a function that takes arguments."""
    module, _, function = PROJECT["scripts"][script].partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_the_licence_comes_along() -> None:
    """A package that is installed alone carries the licence of the whole."""
    assert (FOLDER / "LICENSE").read_text() == (FOLDER.parent / "LICENSE").read_text()
