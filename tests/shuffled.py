"""Runs tests in a random order: ``python -m pytest -p tests.shuffled --seed 7``."""

from __future__ import annotations

import random
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the order be repeated."""
    parser.addoption("--seed", type=int, required=True, help="of the order of tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Shuffle; the tests of a file stay together, because they share its fixtures."""
    dice = random.Random(config.getoption("--seed"))
    files = [list(tests) for _, tests in groupby(items, lambda item: item.path)]
    dice.shuffle(files)
    for tests in files:
        dice.shuffle(tests)
    items[:] = [test for tests in files for test in tests]
