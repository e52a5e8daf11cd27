"""Rules of the Dockerfiles, checked without an engine."""

from __future__ import annotations

import re
import subprocess
from fnmatch import fnmatch
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local_stack.images import IMAGES, Image

ROOT = Path(__file__).resolve().parents[2]
PYTHON, NODE = "python:3.12-slim-bookworm", "node:24-bookworm-slim"
BASES = {
    "airflow_image/Dockerfile": PYTHON,
    "batch_emulator/Dockerfile": PYTHON,
    "deploy/helm/Dockerfile": "sensor-scoring-airflow:0.1.0",
    "local_stack/azurite.Dockerfile": NODE,
    "local_stack/demo.Dockerfile": PYTHON,
    "scoring_image/Dockerfile": PYTHON,
}
DOCKERFILES = list(BASES)
_DEFAULT = re.compile(r"^ARG (\w+)=(.*)$", re.MULTILINE)


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """Parse a Dockerfile into instructions, each with its joined argument."""
    text = re.sub(r"^#.*\n", "", (ROOT / dockerfile).read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(words[0], words[1]) for line in lines if (words := line.split(None, 1))]


def copied(dockerfile: str) -> list[str]:
    """Return the paths that a Dockerfile copies from the repository."""
    defaults = dict(_DEFAULT.findall((ROOT / dockerfile).read_text()))
    return [
        re.sub(r"\$\{(\w+)\}", lambda found: defaults[found[1]], source)
        for name, argument in instructions(dockerfile)
        if name == "COPY"
        for source in argument.split()[:-1]
    ]


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_the_base_image_is_a_choice(dockerfile: str) -> None:
    """The first two instructions let a build choose another base image."""
    assert instructions(dockerfile)[:2] == [
        ("ARG", f"BASE_IMAGE={BASES[dockerfile]}"),
        ("FROM", "${BASE_IMAGE}"),
    ]


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_the_legacy_builder_can_build_it(dockerfile: str) -> None:
    """No mounts, heredocs or flags that only newer builders support."""
    known = {"ARG", "FROM", "ENV", "RUN", "COPY", "LABEL", "USER", "WORKDIR", "EXPOSE", "ENTRYPOINT", "CMD"}
    for name, argument in instructions(dockerfile):
        assert name in known
        assert not re.match(r"--(mount|network|security|link|chmod|parents|exclude)|<<", argument)


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_packages_are_the_locked_ones(dockerfile: str) -> None:
    """Every installation requires the hashes of a lock file; for npm, ``ci`` does."""
    text = " ".join(text for _, text in instructions(dockerfile))
    installs = re.findall(r"(?:pip|npm) (?:install|ci)[^&]*", text)
    assert installs
    assert all("--require-hashes" in install or install.startswith("npm ci") for install in installs)


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_the_mirror_of_packages_is_a_choice(dockerfile: str) -> None:
    """What installs reads it from the environment; an argument before ``FROM`` would be forgotten there."""
    made = instructions(dockerfile)
    (place,) = (at for at, (_, text) in enumerate(made) if re.search(r"pip install|npm ci", text))
    argument = "NPM_CONFIG_REGISTRY" if "npm ci" in made[place][1] else "PIP_INDEX_URL"
    assert ("ARG", argument) in made[2:place]


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_nothing_runs_as_root(dockerfile: str) -> None:
    """The last user is unprivileged, and nothing is installed or copied after it is set."""
    names = [name for name, _ in instructions(dockerfile)]
    users = [argument for name, argument in instructions(dockerfile) if name == "USER"]
    assert users
    assert users[-1] not in {"root", "0"}
    last = len(names) - names[::-1].index("USER")
    assert not {"RUN", "COPY"} & set(names[last:])


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: str(image.name))
def test_the_version_without_a_build_argument_is_the_projects(image: Image) -> None:
    """Whoever builds with plain Docker gets the label that ``make images`` writes."""
    assert ("ARG", f"VERSION={image.version}") in instructions(image.dockerfile)


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_what_is_copied_reaches_the_builder(dockerfile: str) -> None:
    """Every copied path exists, and the ignore file admits it."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    admitted = [line[1:] for line in lines if line.startswith("!")]
    for source in copied(dockerfile):
        assert any(source == path or source.startswith(f"{path}/") for path in admitted), source
        assert list(ROOT.glob(source)), source


@pytest.mark.parametrize("secret", [".env", ".git", ".venv", "local_stack", "tests", "runs"])
def test_what_no_image_needs_stays_out(secret: str) -> None:
    """The ignore file is an allow-list, so secrets, environments and results never reach the builder."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    assert not any(fnmatch(secret, line[1:]) for line in lines if line.startswith("!"))


@pytest.mark.parametrize(
    ("dockerfile", "direct"),
    [
        ("batch_emulator/Dockerfile", ["starlette", "uvicorn", "httpx"]),
        ("local_stack/demo.Dockerfile", ["azure-storage-blob", "croniter", "httpx", "psutil"]),
    ],
)
def test_a_small_image_gets_all_of_its_packages(dockerfile: str, direct: list[str]) -> None:
    """The Dockerfile's awk line selects exactly the packages and their dependencies."""
    (script,) = re.findall(r"awk '([^']+)'", (ROOT / dockerfile).read_text())
    done = subprocess.run(
        ["awk", script, ROOT / "requirements.txt"],
        capture_output=True,
        text=True,
        check=True,
    )
    picked = set(re.findall(r"^([a-z0-9-]+)==", done.stdout, re.MULTILINE))
    assert picked == _closure(*direct)
    assert done.stdout.count("==") == len(picked)
    assert "--hash=sha256:" in done.stdout


def _closure(*names: str) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found.add(name)
        waiting += [need.name for need in map(Requirement, requires(name) or []) if _applies(need)]
    return found


def _applies(need: Requirement) -> bool:
    versions = ({"extra": "", "python_version": version} for version in ("3.11", "3.12", "3.13"))
    return need.marker is None or any(need.marker.evaluate(version) for version in versions)


@pytest.mark.parametrize(
    "lock", ["airflow_image/requirements", "deploy/helm/requirements", "requirements-application-insights"]
)
def test_a_lock_of_extras_covers_what_is_asked_for(lock: str) -> None:
    """They are pinned with hashes, at the versions that the project pins."""
    asked = set(re.findall(r"^[a-z]\S*", (ROOT / f"{lock}.in").read_text(), re.MULTILINE))
    pins = dict(re.findall(r"^(\S+)==(\S+)", (ROOT / f"{lock}.txt").read_text(), re.MULTILINE))
    project = dict(re.findall(r"^(\S+)==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    assert asked <= set(pins)
    assert all(project.get(name, version) == version for name, version in pins.items())
