"""Which tests run in the same process when several run side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:
    import pytest

_TOGETHER = {
    "tests/integration/test_hour.py": "airflow dags test",
    "tests/integration/test_packs.py": "airflow dags test",
    "tests/sensor_scoring/test_fleet_changes.py": "api-server",
    "tests/sensor_scoring/test_scoring_plugin.py": "api-server",
}
"""Files of tests that share a process of Airflow, which takes longer to start than they take to run."""


class SharedParts(LoadFileScheduling):  # type: ignore[misc]  # the package has no types
    """Gives each file to one process, and those that share an Airflow to the same one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return _TOGETHER.get(file, file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharedParts:
    """Spread the tests over the processes."""
    return SharedParts(config, log)
