"""Shared by tests of several packages: one real Azurite for the whole session."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from local_stack.services.azurite import running_azurite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.services.azurite import BlobStorage

pytest_plugins = ("tests.support.receivers", "tests.support.side_by_side")

# Airflow makes its home folder when it is imported: not in the home of whoever runs the tests.
_AIRFLOW_HOME = tempfile.mkdtemp(prefix="airflow-home-")
atexit.register(shutil.rmtree, _AIRFLOW_HOME, ignore_errors=True)
os.environ.update(AIRFLOW_HOME=_AIRFLOW_HOME, AIRFLOW__CORE__LOAD_EXAMPLES="False")

# A busy machine must not fail a property: the same examples every time, however long they take.
# make test-properties tries others, and many more, and prints a blob that makes a failure happen again.
settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "nightly", settings.get_profile("steady"), derandomize=False, max_examples=500, print_blob=True
)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlobStorage]:
    """Run Azurite with the containers of the contract."""
    folder = tmp_path_factory.mktemp("azurite")
    with running_azurite(folder / "blobs", log=folder / "azurite.log") as storage:
        yield storage
