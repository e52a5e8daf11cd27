"""Measures the images: ``python -m bench.images BASE``, for ``make bench-images BASE=...``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from local_stack.images import IMAGES, revision

RESULTS = Path(__file__).parent / "results" / "images.json"


def main(base: str) -> None:
    """Build every image on a base, print and save their sizes.

    :param base: a Debian with Python, venv and root certificates
    """
    below, added = megabytes(base), {}
    for image in IMAGES:
        tag = f"bench/{image.name}:1"
        image.build(tag, base=base, revision=revision())
        added[image.name] = round(megabytes(tag) - below, 1)
    found = {"base": below, "added": added}
    print(json.dumps(found, indent=2))
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")


def megabytes(tag: str) -> float:
    """Return the size of an image with all its layers, unpacked."""
    command = ["docker", "image", "inspect", "--format", "{{.Size}}", tag]
    return round(int(subprocess.run(command, capture_output=True, check=True).stdout) / 1e6, 1)


if __name__ == "__main__":
    main(sys.argv[1])
