"""Imports point one way, and never to the SDK or the rest of the repository."""

from __future__ import annotations

import sys
from pathlib import Path

import azure_batch_emulator
import azure_batch_lab
from tests.support.sources import imports_of, packages_of

ROOT = Path(azure_batch_emulator.__file__).parent
LAB = Path(azure_batch_lab.__file__).parent
FOREIGN = {"starlette", "uvicorn", "httpx"}
FORBIDDEN = {
    "confined": {"wire", "service", "runner", "records", "autoscale", "store"},
    "service": {"wire", "store"},
    "store": {"wire", "service", "runner"},
    "runner": {"wire", "service", "store"},
    "records": {"wire", "service", "runner", "store"},
    "autoscale": {"wire", "service", "runner", "records", "store"},
}


def test_only_a_web_server_comes_from_outside() -> None:
    """Apart from the standard library it needs Starlette, uvicorn and httpx, but no Azure SDK."""
    allowed = sys.stdlib_module_names | FOREIGN | {"azure_batch_emulator"}
    for file in ROOT.rglob("*.py"):
        assert packages_of(file) <= allowed, file


def test_layers_import_downwards_only() -> None:
    """The wire imports the service, the service the records, never the reverse."""
    for layer, forbidden in FORBIDDEN.items():
        for file in (ROOT / layer).rglob("*.py"):
            for name in imports_of(file):
                parts = name.split(".")
                assert len(parts) < 2 or parts[0] != "azure_batch_emulator" or parts[1] not in forbidden, file


def test_no_service_knows_the_engine() -> None:
    """A service gets the core and the services it calls, and cannot reach others."""
    for file in (ROOT / "service").glob("*/*.py"):
        assert "azure_batch_emulator.service.engine" not in imports_of(file), file


def test_supervisor_starts_without_the_package() -> None:
    """It runs isolated, so it imports the standard library only."""
    assert packages_of(ROOT / "runner" / "supervisor.py") <= sys.stdlib_module_names


def test_the_lab_needs_the_standard_library_only() -> None:
    """Formulas can be tried wherever there is Python."""
    for file in LAB.rglob("*.py"):
        assert packages_of(file) <= sys.stdlib_module_names | {"azure_batch_emulator", "azure_batch_lab"}, (
            file
        )


def test_the_lab_knows_neither_http_nor_a_state_file() -> None:
    """It runs the engine itself, in memory."""
    for file in LAB.rglob("*.py"):
        for name in imports_of(file):
            assert not name.startswith(("azure_batch_emulator.wire", "azure_batch_emulator.store")), file
