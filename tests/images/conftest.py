"""An engine, a base image, and this repository's images on it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.batch_emulator.containers.docker import Docker, running_docker
from tests.images.built import build_all
from tests.images.composed import AIRFLOW, compose_command
from tests.images.debian import make_base
from tests.images.demo import client_of
from tests.images.third_parties import build_stand_ins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.airflow.client import AirflowClient
    from tests.images.built import Built
    from tests.images.composed import Composed

BASE_VARIABLE = "IMAGES_BASE"
"""Names another base image: with Python 3.11 or newer, venv and root certificates."""


@pytest.fixture(scope="session")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Docker]:
    """Find or start an engine."""
    with running_docker(tmp_path_factory.mktemp("docker")) as docker:
        yield docker


@pytest.fixture(scope="session")
def built(docker: Docker) -> Built:
    """Build the images. An engine that was there before keeps them, so that the next time is quick."""
    return build_all(os.environ.get(BASE_VARIABLE) or make_base(docker))


@pytest.fixture(scope="session")
def images(built: Built) -> dict[str, str]:
    """Give each service of docker-compose.yaml an image of this machine."""
    if not compose_command():
        pytest.skip("there is no Compose: install docker-compose")
    airflow = ("airflow-init", "storage-init", *AIRFLOW, "worker")
    ours = dict.fromkeys(airflow, built.tags["sensor-scoring-airflow"])
    ours["batch-emulator"] = built.tags["azure-batch-emulator"]
    ours["scoring-image"] = built.tags["sensor-scoring"]
    return ours | build_stand_ins(built.base)


@pytest.fixture
def airflow(project: Composed) -> Iterator[AirflowClient]:
    """Log in to a module's project as the generated admin."""
    client = client_of(project)
    yield client
    client.close()
