"""What ``make train`` tells people to type next."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from typing import TYPE_CHECKING

from local_stack.bootstrap import ROOT
from local_stack.own_readings import trigger_commands
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from pathlib import Path


def test_pasted_commands_reach_airflow_as_they_are_meant(tmp_path: Path) -> None:
    """Two shells read them, the person's and make's; after both, the configuration is still JSON."""
    unpause, trigger = (typed(line, tmp_path) for line in trigger_commands(RunHour.parse("2018-08-29T02")))
    assert unpause == ["airflow", "dags", "unpause", "hourly_scoring"]
    assert trigger[:5] == ["airflow", "dags", "trigger", "hourly_scoring", "--conf"]
    assert json.loads(trigger[5]) == {"hour": "2018-08-29T02"}


def typed(line: str, folder: Path) -> list[str]:
    """Run a line in a shell, with a program in the place of ``local_stack`` that prints its arguments."""
    program = folder / "program"
    program.write_text("#!/bin/sh\nprintf '%s\\0' \"$@\"\n")
    program.chmod(0o700)
    done = subprocess.run(
        ["sh", "-c", f"{line} RUN={shlex.quote(str(program))}"],
        cwd=ROOT,
        # A make that runs within another says so.
        env={name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.removesuffix("\0").split("\0")
