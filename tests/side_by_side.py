"""Which tests run in the same process when several run side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:
    import pytest

_SHARERS = {
    "airflow dags test": ("integration/test_hour.py", "integration/test_packs.py"),
    "api-server": ("sensor_scoring/test_fleet_changes.py", "sensor_scoring/test_scoring_plugin.py"),
    "standing Airflow": tuple(
        f"integration/test_{name}.py"
        for name in ("cluster", "demo", "preflight", "repair", "standing", "telemetry", "trouble", "web_ui")
    ),
}
"""Files of tests that share a process of Airflow, which takes longer to start than they take to run."""
_SHARED_BY = {f"tests/{file}": shared for shared, files in _SHARERS.items() for file in files}


class SharedParts(LoadFileScheduling):  # type: ignore[misc]  # the package has no types
    """Gives each file to one process, and those that share an Airflow to the same one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return _SHARED_BY.get(file, file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharedParts:
    """Spread the tests over the processes."""
    return SharedParts(config, log)
