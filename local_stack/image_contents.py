"""Lists what an image holds, as CycloneDX: its Python packages with versions and licences."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from local_stack.bootstrap import LOCAL

if TYPE_CHECKING:
    from pathlib import Path

TOOL = LOCAL / "sbom" / "tool"
"""Folder with ``cyclonedx-bom`` and what it needs; ``make images`` installs it."""
# In the image's own Python, which alone can say what it imports. The tool is on the path of this process
# only, so the interpreter that it asks does not find it.
_PROGRAM = """
import sys
sys.path.insert(0, "/sbom")
from cyclonedx_py._internal.cli import run
sys.exit(run())
"""


def write_contents(tag: str, python: str, file: Path) -> None:
    """Write the list for an image.

    :param python: its interpreter, which finds what is listed
    :raises CalledProcessError: if the tool fails; it has printed why
    """
    place = ["--read-only", "--network=none", f"--volume={TOOL}:/sbom:ro", f"--entrypoint={python}", tag]
    # It is checked against its schema where the tool has packages for this very Python, and not here.
    options = ["environment", "--output-reproducible", "--no-validate", python]
    command = ["docker", "run", "--rm", *place, "-c", _PROGRAM, *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(done.stdout)
