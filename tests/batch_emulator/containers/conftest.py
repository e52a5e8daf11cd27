"""A real engine with two images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.batch_emulator.containers.docker import (
    IMAGE,
    IMAGE_WITH_ENTRY_POINT,
    Docker,
    make_images,
    running_docker,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Docker]:
    """Find or start an engine, and give it two images."""
    folder = tmp_path_factory.mktemp("docker")
    with running_docker(folder) as docker:
        make_images(docker, folder)
        yield docker
        docker("image", "rm", "--force", IMAGE, IMAGE_WITH_ENTRY_POINT)
