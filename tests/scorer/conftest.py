"""A real Blob Storage (Azurite) and the scorer as a real process, for the tests of this folder."""

from __future__ import annotations

import io
import itertools
import os
import subprocess
import sys
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.storage.blob import BlobServiceClient, ContentSettings, generate_container_sas
from sklearn.preprocessing import StandardScaler

from local_stack.services.azurite import ACCOUNT, KEY
from scorer.__main__ import main
from scorer.console import Console
from scorer.models.format import FORMAT
from scoring_contract.access import variable_of
from scoring_contract.hour import RunHour
from scoring_contract.layout import REGISTRY_BLOB, Container, manifest_blob, readings_prefix, report_blob
from scoring_contract.messages.invocation import ScoreInvocation
from scoring_contract.messages.manifest import Manifest, SensorOrder
from scoring_contract.messages.registry import Registry
from scoring_contract.messages.report import Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from local_stack.services.azurite import BlobStorage

ROOT = Path(__file__).parents[2]
HOUR = RunHour.parse("2018-08-29T02")
PLANNED_AT = "2018-08-29T03:00:07.123456Z"
HEADER = "TS,Device,Tag,Value"
MODEL = {
    "format": FORMAT,
    "features": ["Value"],
    "scaler": {"mean": [10.0], "scale": [2.0]},
    "kernel": {"name": "rbf", "gamma": 1.0},
    "support_vectors": [[-1.0], [1.0]],
    "coefficients": [0.5, 0.5],
    "intercept": -0.3,
}
"""Values of 10.5 are usual for it, values of 90.5 are not."""
_NUMBERS = itertools.count(1)


@dataclass
class Storage:
    """The five containers of one test, under names of its own in a shared Azurite."""

    azurite: BlobStorage
    service: BlobServiceClient
    suffix: str = field(default_factory=lambda: f"{os.getpid()}-{next(_NUMBERS)}")

    def create(self) -> Storage:
        """Create the containers."""
        for container in Container:
            self.service.create_container(self.name_of(container))
        return self

    def name_of(self, container: Container) -> str:
        """Name a container of this test."""
        return f"{container.value}-{self.suffix}"

    def put(self, container: Container, blob: str, data: bytes | str) -> None:
        """Write a blob."""
        client = self.service.get_blob_client(self.name_of(container), blob)
        client.upload_blob(data, overwrite=True, content_settings=ContentSettings("application/octet-stream"))

    def get(self, container: Container, blob: str) -> bytes:
        """Read a blob."""
        return self.service.get_blob_client(self.name_of(container), blob).download_blob().readall()

    def delete(self, container: Container, blob: str) -> None:
        """Delete a blob."""
        self.service.get_blob_client(self.name_of(container), blob).delete_blob()

    def names(self, container: Container) -> list[str]:
        """List a container."""
        return sorted(self.service.get_container_client(self.name_of(container)).list_blob_names())

    def metadata(self, container: Container, blob: str) -> dict[str, str]:
        """Read a blob's metadata."""
        properties = self.service.get_blob_client(self.name_of(container), blob).get_blob_properties()
        return dict(properties.metadata)

    def content_type(self, container: Container, blob: str) -> str:
        """Read a blob's content type."""
        properties = self.service.get_blob_client(self.name_of(container), blob).get_blob_properties()
        return str(properties.content_settings.content_type)

    def registry(self) -> Registry:
        """Read the registry."""
        return Registry.from_json(self.get(Container.MODELS, REGISTRY_BLOB))

    def url(self, container: Container, permission: str, *, hours: float = 1) -> str:
        """Return a container URL with a signature for exactly these permissions."""
        signature = generate_container_sas(
            ACCOUNT,
            self.name_of(container),
            account_key=KEY,
            permission=permission,
            expiry=datetime.now(UTC) + timedelta(hours=hours),
        )
        return f"{self.azurite.url}/{self.name_of(container)}?{signature}"

    def environ(self, permissions: Mapping[Container, str]) -> dict[str, str]:
        """Return the environment of a process with these permissions and nothing else."""
        return {variable_of(name): self.url(name, permission) for name, permission in permissions.items()}

    def put_readings(
        self, sensor: str, rows: Iterable[str], *, hour: RunHour = HOUR, file: str = "0.csv"
    ) -> str:
        """Write one file of readings; return its name."""
        blob = f"{readings_prefix(hour, sensor)}{file}"
        self.put(Container.DATA, blob, "\n".join([HEADER, *rows]) + "\n")
        return blob

    def put_manifest(
        self, *orders: SensorOrder, hour: RunHour = HOUR, traceparent: str = ""
    ) -> ScoreInvocation:
        """Write a manifest; return the call that executes it."""
        manifest = Manifest(hour, "run1", "group1", PLANNED_AT, orders, traceparent=traceparent)
        blob = manifest_blob("run1", "group1")
        self.put(Container.RUNS, blob, manifest.to_json())
        return ScoreInvocation(manifest=blob, report=report_blob("run1", "job1", "task1"))

    def report(self, invocation: ScoreInvocation) -> Report:
        """Read the report of a call."""
        return Report.from_json(self.get(Container.RUNS, invocation.report))


@pytest.fixture
def storage(azurite: BlobStorage) -> Iterator[Storage]:
    """Create five empty containers for a test."""
    with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        yield Storage(azurite, service).create()


SCORING = {Container.DATA: "r", Container.MODELS: "r", Container.PREDICTIONS: "rcw", Container.RUNS: "rcw"}
TRAINING = {Container.DATA: "rl", Container.MODELS: "rcw"}


@dataclass
class Scorer:
    """Runs ``python -m scorer`` as Batch does: in another process and directory, with variables alone."""

    storage: Storage
    directory: Path

    def run(self, *words: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        folders = os.pathsep.join(str(ROOT / folder) for folder in ("plugins", "scoring_image"))
        return subprocess.run(
            [sys.executable, "-m", "scorer", *words],
            env={"PATH": os.defpath, "PYTHONPATH": folders, "PYTHONSAFEPATH": "1", **environ},
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )

    def score(
        self, invocation: ScoreInvocation, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Score with the fewest permissions that suffice, or with a given environment."""
        chosen = environ if environ is not None else self.storage.environ(SCORING)
        return self.run(*invocation.to_argv(), environ=chosen)

    def train(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Train on the hour before the scored one, with the fewest permissions that suffice."""
        return self.run(*_training(words), environ=self.storage.environ(TRAINING))

    def train_here(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Train in this process, so that all tests share one import of scikit-learn."""
        return self.run_here(*_training(words), environ=self.storage.environ(TRAINING))

    @staticmethod
    def run_here(*words: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run in this process, which pays for the import of scikit-learn once for all tests."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stderr(err):
            try:
                code: Any = main(words, environ, Console(out, err))
            except SystemExit as left:
                code = left.code
        return subprocess.CompletedProcess([*words], code, out.getvalue(), err.getvalue())


def _training(words: tuple[str, ...]) -> tuple[str, ...]:
    hours = () if "--from" in words else ("--from", "2018-08-29T01", "--until", "2018-08-29T02")
    return ("train", *hours, *words)


@pytest.fixture
def scorer(storage: Storage, tmp_path: Path) -> Scorer:
    """Give a test the scorer with permissions on its containers."""
    return Scorer(storage, tmp_path)


def break_fits_of(monkeypatch: pytest.MonkeyPatch, *, above: float) -> None:
    """Make scikit-learn's standard scaler raise an unexpected error for readings with a large mean."""
    fit = StandardScaler.fit

    def broken(scaler: StandardScaler, values: Any, *rest: Any) -> Any:
        if values.mean() > above:
            raise RuntimeError("out of luck")
        return fit(scaler, values, *rest)

    monkeypatch.setattr(StandardScaler, "fit", broken)
