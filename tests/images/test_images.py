"""What every image of this repository is: labelled, unprivileged and of the documented size."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bench.images import RESULTS, megabytes
from local_stack.image_contents import write_contents
from local_stack.images import IMAGES
from tests.images.built import NAMES, REVISION

if TYPE_CHECKING:
    from pathlib import Path

    from tests.batch_emulator.containers.docker import Docker
    from tests.images.built import Built

pytestmark = pytest.mark.images


def config_of(docker: Docker, tag: str) -> Any:
    """Return how containers of an image start."""
    return json.loads(docker("image", "inspect", tag))[0]["Config"]


def sh(docker: Docker, tag: str, script: str) -> str:
    """Run a shell in a container of an image, as its user."""
    return docker("run", "--rm", "--network=none", "--entrypoint", "sh", tag, "-c", script)


@pytest.mark.parametrize("name", NAMES)
def test_labels_say_what_it_is(docker: Docker, built: Built, name: str) -> None:
    """An image says its title, version, revision and licence."""
    (image,) = (image for image in IMAGES if image.name == name)
    labels = config_of(docker, built.tags[name])["Labels"]
    said = {key.removeprefix("org.opencontainers.image."): value for key, value in labels.items()}
    assert said.pop("title")
    assert said == {"version": image.version, "revision": REVISION, "licenses": "MIT"}


@pytest.mark.parametrize("name", NAMES)
def test_its_user_cannot_change_what_runs(docker: Docker, built: Built, name: str) -> None:
    """The user is not root, owns no code, and no program would make it root."""
    tag = built.tags[name]
    assert (
        sh(docker, tag, "id -u")
        == {
            "sensor-scoring": "10001",
            "sensor-scoring-lean": "10001",
            "sensor-scoring-airflow": "50000",
            "azure-batch-emulator": "50001",
        }[name]
    )
    writable = sh(docker, tag, "find /opt -writable ! -type l | sort").split()
    own = (
        ["/opt/airflow", "/opt/airflow/auth", "/opt/airflow/logs"] if name == "sensor-scoring-airflow" else []
    )
    assert [path for path in writable if not path.startswith("/opt/airflow/.")] == own


_INSTALLED = """
import json
from importlib.metadata import distributions
print(json.dumps([[each.name.lower().replace("_", "-"), each.version] for each in distributions()]))
"""


@pytest.mark.parametrize("name", NAMES)
def test_the_list_of_contents_is_what_the_image_imports(
    docker: Docker, built: Built, tmp_path: Path, name: str
) -> None:
    """CycloneDX names every package that the image's Python finds, with its version, and no other."""
    (image,) = (image for image in IMAGES if image.name == name)
    write_contents(built.tags[name], image.python, tmp_path / "list.json")
    listed = json.loads((tmp_path / "list.json").read_text())
    found = {(each["name"].lower().replace("_", "-"), each["version"]) for each in listed["components"]}
    place = ["--rm", "--network=none", f"--entrypoint={image.python}", built.tags[name]]
    assert found == set(map(tuple, json.loads(docker("run", *place, "-c", _INSTALLED))))
    assert listed["bomFormat"] == "CycloneDX"


@pytest.mark.parametrize("name", NAMES)
def test_size_is_as_documented(built: Built, name: str) -> None:
    """On the same kind of base, an image adds within a tenth of what the documentation says."""
    documented = json.loads(RESULTS.read_text())["added"][name]
    assert megabytes(built.tags[name]) - megabytes(built.base) == pytest.approx(documented, rel=0.1)


def test_the_emulator_brings_no_scorer(docker: Docker, built: Built) -> None:
    """The emulator's image holds the emulator and its packages, and nothing else of this repository."""
    tag = built.tags["azure-batch-emulator"]
    assert sh(docker, tag, "ls /opt").split() == ["emulator", "requirements"]
    script = r"find / -xdev \( -name 'scorer*' -o -name 'scoring_*' -o -name 'sensor_*' -o -name 'numpy*' \)"
    assert sh(docker, tag, f"{script} 2>/dev/null || true") == ""


def test_every_dag_parses_in_the_airflow_image(docker: Docker, built: Built) -> None:
    """In a read-only container without network, every DAG of the image is imported."""
    program = (
        "from airflow.dag_processing.dagbag import DagBag; bag = DagBag('/opt/airflow/dags'); "
        "print(bag.import_errors, sorted(bag.dags))"
    )
    options = ["--rm", "--network=none", "--read-only", "--tmpfs=/tmp", "--env=AIRFLOW_HOME=/tmp/airflow"]
    options += ["--env=PYTHONPATH=/opt/airflow/plugins", "--entrypoint=python"]
    said = docker("run", *options, built.tags["sensor-scoring-airflow"], "-c", program).splitlines()[-1]
    assert said.startswith("{} ['example_consumer'")
    assert "'hourly_scoring'" in said
