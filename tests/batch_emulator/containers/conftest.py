"""A real engine with two images."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.batch_emulator.containers.docker import (
    IMAGE,
    IMAGE_WITH_ENTRY_POINT,
    Docker,
    make_images,
    start_engine,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Docker]:
    """Find or start an engine, and give it two images."""
    for program in ("docker", "docker-init"):
        if shutil.which(program) is None:
            pytest.fail(f"there is no {program} on PATH: install Docker's engine")
    docker, folder = Docker(), tmp_path_factory.mktemp("docker")
    own = None if docker.answers() else start_engine(docker, folder)
    make_images(docker, folder)
    yield docker
    if own is None:
        docker("image", "rm", "--force", IMAGE, IMAGE_WITH_ENTRY_POINT)
    else:
        own.terminate()
        own.wait()
        # It leaves this mounted, and a folder with a mount in it cannot be removed.
        subprocess.run(["umount", folder / "exec/netns/default"], check=False)
        os.environ.pop("DOCKER_HOST")
