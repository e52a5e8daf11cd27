"""The images of this repository, and how to build them: ``python -m local_stack.images``, ``make images``."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local_stack.bootstrap import ROOT
from local_stack.image_contents import write_contents

if TYPE_CHECKING:
    from collections.abc import Sequence


MIRROR = "PIP_INDEX_URL"
"""Variable, and build argument, that names a mirror of packages."""


@dataclass(frozen=True, slots=True)
class Image:
    """One image.

    :param dockerfile: path in the repository, whose root is the build's context
    :param python: its interpreter
    :param project: folder of the ``pyproject.toml`` with its version
    :param arguments: build arguments
    """

    name: str
    dockerfile: str
    python: str
    project: str = "."
    arguments: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Version of what is in it."""
        text = (ROOT / self.project / "pyproject.toml").read_text(encoding="utf-8")
        return str(tomllib.loads(text)["project"]["version"])

    def build(self, tag: str, *, base: str = "", revision: str = "") -> None:
        """Build it with Docker.

        :param base: image to build on; empty for the Dockerfile's
        :param revision: commit that it is built from, for its label
        :raises CalledProcessError: if the build fails; it has printed why
        """
        arguments = [f"VERSION={self.version}", *self.arguments]
        arguments += [f"BASE_IMAGE={base}"] * bool(base) + [f"REVISION={revision}"] * bool(revision)
        arguments += [MIRROR] * (MIRROR in os.environ)  # its value is the environment's
        options = [word for argument in arguments for word in ("--build-arg", argument)]
        # On the machine's network: some engines have no other, and packages are all that is fetched.
        command = [
            "docker",
            "build",
            "--network=host",
            "--file",
            self.dockerfile,
            "--tag",
            tag,
            *options,
            ".",
        ]
        # Without buildx the newer builder cannot be had, and nothing here needs it.
        environ = {"DOCKER_BUILDKIT": "0", **os.environ}
        subprocess.run(command, cwd=ROOT, env=environ, check=True)


IMAGES = (
    Image("sensor-scoring", "scoring_image/Dockerfile", "/opt/scoring/bin/python"),
    Image(
        "sensor-scoring-lean",
        "scoring_image/Dockerfile",
        "/opt/scoring/bin/python",
        arguments=("REQUIREMENTS=requirements-lean.txt",),
    ),
    Image("sensor-scoring-airflow", "airflow_image/Dockerfile", "/opt/venv/bin/python"),
    Image("azure-batch-emulator", "batch_emulator/Dockerfile", "/opt/emulator/bin/python", "batch_emulator"),
)


def revision() -> str:
    """Return the commit that is checked out, marked if files differ from it; empty outside of a clone."""
    command = ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def main(argv: Sequence[str]) -> int:
    """Build every image, or those that are named; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local_stack.images", description="Build the images.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="images; all of them by default")
    parser.add_argument("--base", default="", help="image to build on, instead of the Dockerfiles' own")
    parser.add_argument("--registry", default="", help="first part of the tags, such as example.azurecr.io")
    parser.add_argument("--contents", type=Path, metavar="FOLDER", help="for lists of what each image holds")
    options = parser.parse_args(argv)
    known = {image.name: image for image in IMAGES}
    if unknown := set(options.names) - set(known):
        parser.error(f"there is no image {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    for name in options.names or known:
        image = known[name]
        tag = "/".join(filter(None, (options.registry, f"{name}:{image.version}")))
        try:
            image.build(tag, base=options.base, revision=revision())
            if options.contents:
                write_contents(tag, image.python, options.contents / f"{name}.cdx.json")
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"error: {tag} is not done: {error}", file=sys.stderr)
            return 1
        print(tag)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
