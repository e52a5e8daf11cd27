"""A real engine with two images."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.batch_emulator.containers.docker import (
    IMAGE,
    IMAGE_WITH_ENTRY_POINT,
    Docker,
    NoEngine,
    make_images,
    start_engine,
    stop_engine,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Docker]:
    """Find or start an engine, and give it two images."""
    if shutil.which("docker") is None:
        pytest.fail("there is no docker on PATH: install Docker's engine")
    docker, folder = Docker(), tmp_path_factory.mktemp("docker")
    try:
        own = None if docker.answers() else start_engine(docker, folder)
    except NoEngine as problem:
        pytest.fail(str(problem))
    make_images(docker, folder)
    yield docker
    if own is None:
        docker("image", "rm", "--force", IMAGE, IMAGE_WITH_ENTRY_POINT)
    else:
        stop_engine(own, folder)
