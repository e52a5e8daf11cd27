"""Which tests run in the same process when several run side by side, and which begin."""

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


_LONG = (
    "tests/test_readme.py",
    "tests/integration/test_hour.py",
    "tests/ingest/stream_analytics/test_hub_source.py",
    "tests/event_hubs_emulator/test_receiving.py",
    "tests/sensor_scoring/preflight/test_checks.py",
)
"""Files that take most of a minute; the others fill what is left, so that no process is alone at last."""


class SharedParts(LoadFileScheduling):  # type: ignore[misc]  # the package has no types
    """Gives each file to one process, and those that share an Airflow to the same one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return _SHARED_BY.get(file, file)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    places = {file: place for place, file in enumerate(_LONG)}
    items.sort(key=lambda item: places.get(item.nodeid.split("::", 1)[0], len(places)))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharedParts:
    """Spread the tests over the processes."""
    return SharedParts(config, log)
