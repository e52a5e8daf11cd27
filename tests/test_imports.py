"""Who may import whom, read from the sources, so that even lazy imports count."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.sources import imports_of, packages_of

ROOT = Path(__file__).parent.parent


def imports_in(folder: str) -> set[str]:
    """List the top-level packages that a folder's modules import."""
    return packages_of(*(ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize(
    ("folder", "may_import"),
    [
        pytest.param("plugins/scoring_contract", {"scoring_contract"}, id="contract-is-stdlib"),
        pytest.param(
            "scoring_image/scorer",
            {
                "scorer",
                "scoring_contract",
                "fastavro",
                "numpy",
                "obstore",
                "orjson",
                "pandas",
                "pyarrow",
                "sklearn",
                "skops",
            },
            id="scorer-knows-no-airflow",
        ),
        pytest.param(
            "batch_emulator/azure_batch_emulator",
            {"azure_batch_emulator", "starlette", "uvicorn", "httpx", "anyio"},
            id="emulator-knows-neither-client-nor-lab",
        ),
        pytest.param(
            "batch_emulator/azure_batch_lab",
            {"azure_batch_lab", "azure_batch_emulator"},
            id="lab-is-stdlib-and-emulator",
        ),
        pytest.param(
            "event_hubs_emulator/azure_event_hubs_emulator",
            {"azure_event_hubs_emulator"},
            id="event-hubs-emulator-is-stdlib",
        ),
        pytest.param(
            "plugins/sensor_scoring",
            {
                "sensor_scoring",
                "scoring_contract",
                "airflow",
                "apprise",
                "azure",
                "croniter",
                "fastapi",
                "opentelemetry",
                "pyarrow",
                "pydantic",
                "sqlalchemy",
            },
            id="product-knows-no-emulator",
        ),
        pytest.param(
            "ingest",
            {"ingest", "scoring_contract", "azure", "duckdb", "fastavro", "pyarrow", "sqlglot"},
            id="ingest-knows-the-layout",
        ),
        pytest.param(
            "infra", {"infra", "azure", "tree_sitter", "tree_sitter_bicep"}, id="templates-know-no-product"
        ),
        pytest.param("dags", {"sensor_scoring", "airflow"}, id="dags-are-tables-of-contents"),
    ],
)
def test_imports_point_one_way(folder, may_import) -> None:
    """A package imports the standard library and what it may; nothing else, not even lazily."""
    assert imports_in(folder) - set(sys.stdlib_module_names) <= may_import


BELOW = ("setting_values", "blob_storage")
"""Packages of the product that know no Batch; all others may import them."""
PACKAGES: dict[str, dict[str, set[str]]] = {
    "plugins/scoring_contract": {
        "": set(),
        "messages": set(),
        "reading_files": set(),
    },
    "plugins/sensor_scoring": {
        "": {"setting_values"},
        "setting_values": set(),
        "blob_storage": set(),
        "azure_batch": {*BELOW},
        "telemetry": {*BELOW},
        "hourly": {*BELOW, "azure_batch", "telemetry"},
        "training": {*BELOW, "azure_batch", "hourly"},
        "alerts": {*BELOW, "azure_batch", "hourly"},
        "upkeep": {*BELOW, "azure_batch", "hourly", "telemetry"},
        "fleet": {*BELOW, "azure_batch", "hourly", "alerts"},
        "pool_watch": {*BELOW, "azure_batch", "hourly", "alerts"},
        "preflight": {*BELOW, "azure_batch", "hourly", "alerts"},
        "sensors": {*BELOW, "azure_batch", "training"},
        "missing_hours": {*BELOW, "azure_batch", "hourly", "alerts"},
        "ui": {*BELOW, "azure_batch", "hourly", "alerts", "fleet", "sensors", "missing_hours"},
    },
    "ingest": {
        "": {"files"},
        "files": set(),
        "devices": {"files"},
        "stream_analytics": {"files"},
    },
    "ingest/stream_analytics": {
        "": set(),
        "event_ordering": set(),
        "events": set(),
        "language": {"event_ordering"},
        "definition": {"event_ordering"},
    },
    "scoring_image/scorer": {
        "": set(),
        "readings": set(),
        "models": {"readings"},
        "scoring": {"readings", "models"},
        "training": {"readings", "models"},
        "models_command": {"readings", "models", "training"},
    },
    "batch_emulator/azure_batch_emulator": {
        "": set(),
        "autoscale": set(),
        "confined": set(),
        "records": {"autoscale"},
        "runner": {"confined", "records"},
        "store": {"autoscale", "records"},
        "service": {"autoscale", "confined", "records", "runner"},
        "wire": {"confined", "records", "service"},
    },
    "event_hubs_emulator/azure_event_hubs_emulator": {
        "": {"service", "store"},
        "amqp": set(),
        "store": set(),
        "service": {"amqp", "store"},
        "wire": {"amqp", "service", "store"},
    },
    "batch_emulator/azure_batch_lab": {
        "": set(),
        "review": set(),
        "simulation": set(),
        "search": {"simulation"},
        "output": {"simulation", "search"},
        "commands": {"review", "simulation", "search", "output"},
    },
    "batch_emulator/azure_batch_emulator/service": {
        "": set(),
        "faults": set(),
        "attempts": {"faults"},
        "files": {"attempts"},
        "nodes": {"attempts", "faults"},
        "pools": {"attempts", "faults", "files", "nodes"},
        "jobs": {"attempts", "files", "pools"},
    },
    "batch_emulator/azure_batch_emulator/wire": {
        "": {"bodies", "odata"},
        "bodies": set(),
        "odata": set(),
        "views": {"bodies", "odata"},
        "handlers": {"bodies", "odata", "views"},
        "control": {"bodies", "views"},
        "arm": {"bodies", "odata", "views"},
    },
}
"""What each package may import of those beside it; the empty name is what lies next to them."""
ABOVE: dict[str, set[str]] = {
    "plugins/scoring_contract": set(),
    "plugins/sensor_scoring": {"preload.py"},
    "ingest": {"__main__.py"},
    "ingest/stream_analytics": {
        *("assembly.py", "blob_output.py", "command.py", "counts.py"),
        *("execution.py", "intake.py", "runner.py", "state.py"),
    },
    "scoring_image/scorer": {"__main__.py"},
    "batch_emulator/azure_batch_emulator": {
        *("__main__.py", "command_line.py", "coverage.py", "server.py", "advance.py", "web_server.py"),
    },
    "event_hubs_emulator/azure_event_hubs_emulator": {"__main__.py", "server.py"},
    "batch_emulator/azure_batch_lab": {"__main__.py", "manual.py", "study.py"},
    "batch_emulator/azure_batch_emulator/service": {"engine.py"},
    "batch_emulator/azure_batch_emulator/wire": {"app.py", "data_plane.py", "routes.py"},
}
"""Modules beside the packages that start, load or compose them."""


@pytest.mark.parametrize(
    ("folder", "package"),
    [(folder, package) for folder, packages in PACKAGES.items() for package in packages],
)
def test_packages_import_one_way(folder, package) -> None:
    """A package imports only those that it builds on."""
    within = ROOT / folder / package
    files = (
        within.rglob("*.py") if package else (f for f in within.glob("*.py") if f.name not in ABOVE[folder])
    )
    prefix = ".".join((*(Path(folder).parts[1:] or (folder,)), ""))
    names = {
        name.removeprefix(prefix) for file in files for name in imports_of(file) if name.startswith(prefix)
    }
    imported = {name.partition(".")[0] for name in names} & set(PACKAGES[folder])
    assert imported - {package} <= PACKAGES[folder][package]


@pytest.mark.parametrize("folder", PACKAGES)
def test_every_package_has_its_rule(folder) -> None:
    """No new package goes without one."""
    folders = {file.parent.name for file in (ROOT / folder).glob("*/__init__.py")}
    assert folders == set(PACKAGES[folder]) - {""}


def test_only_the_pages_import_the_web_framework() -> None:
    """Workers and triggerer serve no pages."""
    product = ROOT / "plugins" / "sensor_scoring"
    assert {
        file.parent.relative_to(product).as_posix()
        for file in product.rglob("*.py")
        if "fastapi" in packages_of(file)
    } == {"ui", "ui/api", "ui/api/pool", "ui/api/run"}


def test_only_telemetry_imports_opentelemetry() -> None:
    """What a run is to tell is decided without it, and a run without telemetry does not load it."""
    product = ROOT / "plugins" / "sensor_scoring"
    assert {
        file.relative_to(product).as_posix()
        for file in product.rglob("*.py")
        if "opentelemetry" in packages_of(file)
    } == {
        "telemetry/exporters.py",
        "telemetry/opentelemetry_data.py",
        "telemetry/sending.py",  # for its types
    }


def test_nobody_imports_the_outer_ring() -> None:
    """The product does not depend on the laptop's stack or the ingest tools."""
    for folder in ("plugins", "dags", "scoring_image", "batch_emulator", "event_hubs_emulator"):
        assert not imports_in(folder) & {"local_stack", "ingest", "infra"}


def test_only_listeners_hold_a_session_of_the_database() -> None:
    """The scheduler lends them its own; tasks use the Task SDK."""
    plugins = (ROOT / "plugins").rglob("*.py")
    found = {module.name for module in plugins if "sqlalchemy" in packages_of(module)}
    assert found == {"clear_listener.py", "note_listener.py"}
