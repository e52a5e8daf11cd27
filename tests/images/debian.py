"""A base image of this machine's own: Debian with Python, made without a registry."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local_stack.bootstrap import LOCAL

if TYPE_CHECKING:
    from tests.batch_emulator.containers.docker import Docker

ARCHIVE = LOCAL / "images" / "debian.tar"
BASE = "image-tests/debian:12"
_PACKAGES = "python3,python3-venv,ca-certificates"


def make_base(docker: Docker) -> str:
    """Import Debian as an image that trusts what this machine trusts; return its name."""
    if docker("image", "ls", "--quiet", BASE):
        return BASE  # an engine that was there before keeps it, and with it the layers above
    if not ARCHIVE.is_file():
        _bootstrap()
    docker("import", str(ARCHIVE), f"{BASE}-plain")
    with tempfile.TemporaryDirectory() as folder:
        dockerfile = [f"FROM {BASE}-plain"]
        if roots := os.environ.get("SSL_CERT_FILE"):
            # A proxy of this machine's network may answer for the package indexes.
            shutil.copy(roots, Path(folder) / "roots.crt")
            place = "/etc/ssl/certs/ca-certificates.crt"
            dockerfile += [f"COPY roots.crt {place}", f"ENV PIP_CERT={place} NODE_EXTRA_CA_CERTS={place}"]
        (Path(folder) / "Dockerfile").write_text("\n".join(dockerfile) + "\n")
        docker("build", "--tag", BASE, folder)
    return BASE


def _bootstrap() -> None:
    """Install Debian into a folder, and keep it as an archive for the next time."""
    if shutil.which("debootstrap") is None or os.geteuid() != 0:
        pytest.skip(
            "a Debian base is made by root with debootstrap: install it, or name a base in IMAGES_BASE"
        )
    ARCHIVE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ARCHIVE.parent) as folder:
        root, part = Path(folder) / "root", Path(folder) / "part.tar"
        made = ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", str(root)]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
        for package in (root / "var/cache/apt/archives").glob("*.deb"):
            package.unlink()
        subprocess.run(["tar", "-C", root, "-cf", part, "."], check=True)
        part.rename(ARCHIVE)
