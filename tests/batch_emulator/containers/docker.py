"""A real engine: a running one, or one started for these tests; and images of this machine's shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = ("sh", "cat", "env", "sleep", "id")
IMAGE = "azure-batch-emulator-tests:plain"
IMAGE_WITH_ENTRY_POINT = "azure-batch-emulator-tests:entry"
START_SECONDS = 60.0


class Docker:
    """Docker's command line."""

    def __call__(self, *arguments: str) -> str:
        """Run a subcommand and return what it prints."""
        done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def answers(self) -> bool:
        """Whether there is an engine."""
        if shutil.which("docker") is None:
            return False
        return subprocess.run(["docker", "ps"], capture_output=True, check=False).returncode == 0

    def containers(self) -> list[str]:
        """List the containers of our images, running or not."""
        found = [
            self("ps", "--all", "--quiet", "--filter", f"ancestor={name}")
            for name in (IMAGE, IMAGE_WITH_ENTRY_POINT)
        ]
        return [name for names in found for name in names.split()]


@contextmanager
def running_docker(folder: Path) -> Iterator[Docker]:
    """Find an engine, or start one as root; where neither can be, tests are skipped and say why.

    :param folder: for an engine of one's own
    """
    docker = Docker()
    if docker.answers():
        yield docker
        return
    for program in ("docker", "dockerd", "docker-init"):
        if shutil.which(program) is None:
            pytest.skip(f"no engine answers, and there is no {program} on PATH: install Docker's engine")
    engine = _start(docker, folder)
    try:
        yield docker
    finally:
        _stop(engine, folder)


def _start(docker: Docker, folder: Path) -> subprocess.Popen[bytes]:
    """Start an engine that changes nothing of the machine's network."""
    socket = f"unix://{folder}/docker.sock"
    folders = ["--data-root", str(folder / "data"), "--exec-root", str(folder / "exec")]
    plain = ["--iptables=false", "--bridge=none", "--pidfile", str(folder / "pid"), "-H", socket]
    log = folder / "dockerd.log"
    with log.open("wb") as output:
        engine = subprocess.Popen(["dockerd", *folders, *plain], stdout=output, stderr=output)
    os.environ["DOCKER_HOST"] = socket
    deadline = time.monotonic() + START_SECONDS
    while not docker.answers():
        if engine.poll() is not None or time.monotonic() > deadline:
            _stop(engine, folder)
            pytest.skip(f"dockerd did not start: {log.read_text()[-2000:]}")
        time.sleep(0.1)
    return engine


def _stop(engine: subprocess.Popen[bytes], folder: Path) -> None:
    """Stop an engine, and remove what it kept."""
    engine.terminate()
    engine.wait()
    # It leaves this mounted, and a folder with a mount in it cannot be removed.
    subprocess.run(["umount", folder / "exec/netns/default"], check=False)
    shutil.rmtree(folder / "data", ignore_errors=True)
    os.environ.pop("DOCKER_HOST")


def make_images(docker: Docker, folder: Path) -> None:
    """Make an image of a shell, a few programs and their libraries; and one with an entry point."""
    archive = folder / "image.tar"
    with tarfile.open(archive, "w", dereference=True) as tar:
        paths = {name: shutil.which(name) or "" for name in PROGRAMS}
        for name, path in paths.items():
            tar.add(path, f"/bin/{name}")
        for library in sorted({library for path in paths.values() for library in libraries(path)}):
            tar.add(library, library)
    docker("import", str(archive), IMAGE)
    entry = """ENTRYPOINT ["/bin/sh", "-c", "echo entered $0"]"""
    docker("import", "--change", entry, "--change", "WORKDIR /bin", str(archive), IMAGE_WITH_ENTRY_POINT)


def libraries(program: str) -> list[str]:
    """List the files of a program's shared libraries."""
    words = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout.split()
    return [str(Path(word)) for word in words if word.startswith("/")]
