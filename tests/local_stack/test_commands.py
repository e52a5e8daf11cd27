"""``make missing`` and ``make airflow`` without a running stack."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from local_stack.bootstrap import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def typed(*words: str, data: Path) -> subprocess.CompletedProcess[str]:
    """Do what a make target does, with the stack's data in a folder."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_CONN")}
    return subprocess.run(
        [sys.executable, "-m", "local_stack", *words],
        cwd=ROOT,
        env={**own, "LOCAL_STACK_DATA": str(data), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def test_without_a_stack_each_says_what_comes_first(tmp_path: Path) -> None:
    """Each prints one sentence and starts nothing."""
    hours = ("--from", "2018-08-29T00", "--to", "2018-08-29T01")
    looked = typed("missing", *hours, data=tmp_path)
    assert (looked.returncode, looked.stdout) == (2, "")
    assert looked.stderr == ("error: no stack is up: run make up first\n")
    ran = typed("airflow", "version", data=tmp_path)
    assert (ran.returncode, ran.stderr) == (1, "error: no stack is up: run make up first\n")
