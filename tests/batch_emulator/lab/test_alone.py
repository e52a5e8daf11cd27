"""The lab with nothing installed: just Python and this repository."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import azure_batch_emulator

FOLDER = Path(azure_batch_emulator.__file__).parent.parent
# Isolated and without site-packages: no environment variable and no virtual environment helps.
ALONE = (sys.executable, "-I", "-S", "-c")
PROGRAM = """
import runpy, sys
sys.path.insert(0, {folder!r})
sys.argv[0] = "lab"
runpy.run_module("azure_batch_lab", run_name="__main__", alter_sys=True)
"""
_NEVER_SECONDS = 280
"""A guard against hanging, however busy the machine."""
DAY = ("--tasks", "4", "--duration", "60s", "--days", "0.125")


def alone(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a lab command with the standard library only."""
    program = PROGRAM.format(folder=str(FOLDER))
    return subprocess.run(
        [*ALONE, program, *arguments], capture_output=True, text=True, timeout=_NEVER_SECONDS, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(["check", "--text", "x = 1; $TargetDedicatedNodes = 3;"], "never-read", id="check"),
        pytest.param(["eval", "{formula}", "--explain"], "$TargetDedicatedNodes=3;", id="eval"),
        pytest.param(["simulate", "--formula", "{formula}", *DAY], "| formula", id="simulate"),
        pytest.param(
            ["search", "--policy", "fixed", "--vary", "nodes=1,2", "--price", "1", *DAY],
            "2 policies",
            id="search",
        ),
    ],
)
def test_every_command_runs_on_the_standard_library(file, arguments, expected) -> None:
    """Reviewing, evaluating and simulating formulas needs no package."""
    formula = file("$TargetDedicatedNodes = 3;")
    done = alone(*(argument.format(formula=formula) for argument in arguments))
    assert (done.returncode, done.stderr) == (0, "")
    assert expected in done.stdout
