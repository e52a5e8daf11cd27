"""The program: its one line of output, its errors, and that it leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential

from azure_batch_emulator.command_line import parser
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGE_ROOT = Path(__file__).resolve().parents[2] / "batch_emulator"
KEY = "c29tZSBrZXk="
NEVER_SECONDS = 240.0
"""A guard against hanging; nothing here takes that long, however busy the machine."""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the emulator as people do; kill what is left afterwards."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "azure_batch_emulator", "--data", str(tmp_path / "data"), *arguments],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGE_ROOT), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def ready_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Read the line that says the emulator is ready."""
    assert process.stdout is not None
    return dict(json.loads(process.stdout.readline()))


def family_of(marker: str) -> list[int]:
    """List the processes whose command line contains a text."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if marker in line:
            found.append(int(folder.name))
    return found


def run_stubborn_task(endpoint: str, marker: str) -> None:
    """Run a task with a child, both ignoring SIGTERM, and one that leaves its session."""
    deaf = f'trap "" TERM; while :; do sleep 0.1; done # {marker}'
    script = f"setsid /bin/sh -c '{deaf} escaped' & /bin/sh -c '{deaf} child' & {deaf} parent"
    with BatchClient(endpoint, AzureNamedKeyCredential("acct", KEY)) as client:
        image = models.BatchVmImageReference(publisher="p", offer="o", sku="s", version="latest")
        machine = models.VirtualMachineConfiguration(image_reference=image, node_agent_sku_id="n")
        client.create_pool(
            models.BatchPoolCreateOptions(
                id="p",
                vm_size="standard_d2s_v3",
                virtual_machine_configuration=machine,
                target_dedicated_nodes=1,
            )
        )
        client.create_job(models.BatchJobCreateOptions(id="j", pool_info=models.BatchPoolInfo(pool_id="p")))
        quoted = script.replace("\\", "\\\\").replace('"', '\\"')
        client.create_task("j", models.BatchTaskCreateOptions(id="t", command_line=f'/bin/sh -c "{quoted}"'))
    until(lambda: all(family_of(f"{marker} {name}") for name in ("escaped", "child", "parent")))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda n: n.name)
def test_end_of_the_emulator_ends_all_its_tasks(
    start: Callable[..., subprocess.Popen[str]], number: signal.Signals, tmp_path: Path
) -> None:
    """However the emulator ends, no process of its tasks survives, and SIGTERM gives exit code 0."""
    process = start("--account", "acct", "--boot-seconds", "0", AZURE_BATCH_EMULATOR_KEY=KEY)
    ready = ready_line(process)
    assert (ready["account"], ready["pid"]) == ("acct", process.pid)
    marker = f"marker-{tmp_path.name}"
    run_stubborn_task(ready["endpoint"], marker)
    process.send_signal(number)
    code = process.wait(NEVER_SECONDS)
    assert code == (-signal.SIGKILL if number is signal.SIGKILL else 0)
    until(lambda: not family_of(marker))


def test_ready_line_is_all_it_prints(start: Callable[..., subprocess.Popen[str]]) -> None:
    """A normal run writes one line of JSON and nothing else."""
    process = start("--account", "acct", "--key", KEY)
    ready = ready_line(process)
    assert ready["endpoint"].startswith("http://127.0.0.1:")
    with BatchClient(ready["endpoint"], AzureNamedKeyCredential("acct", KEY)) as client:
        assert list(client.list_pools()) == []
    process.terminate()
    assert process.communicate(timeout=NEVER_SECONDS) == ("", "")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["--account", "a"], "an account key is needed", id="no-key"),
        pytest.param(["--account", "a", "--key", "?"], "must be valid base64", id="bad-key"),
        pytest.param(
            ["--account", "a", "--key", KEY, "--image", "x"], "--image takes NAME=PREFIX", id="image"
        ),
        pytest.param(
            ["--account", "a", "--key", KEY, "--image", "x=/no/such"], "there is no folder", id="folder"
        ),
        pytest.param(
            ["--account", "a", "--key", KEY, "--boot-seconds", "-1"], "must not be negative", id="boot"
        ),
        pytest.param(["--account", "a", "--key", KEY, "--host", "256.0.0.1"], "cannot listen", id="host"),
    ],
)
def test_bad_arguments_get_one_sentence(
    start: Callable[..., subprocess.Popen[str]], arguments: list[str], sentence: str
) -> None:
    """A mistake on the command line gives one line and an exit code other than 0."""
    process = start(*arguments)
    out, err = process.communicate(timeout=NEVER_SECONDS)
    assert (out, process.returncode) == ("", 2)
    assert sentence in err
    assert len(err.splitlines()) == 1


def test_readme_lists_every_option() -> None:
    """The README's table of options matches the command line."""
    table = (PACKAGE_ROOT / "README.md").read_text(encoding="utf-8").partition("## In tests")[0]
    listed = set(re.findall(r"--[a-z][a-z-]+", table))
    known = {name for action in parser()._actions for name in action.option_strings if name.startswith("--")}
    assert listed == known - {"--help"}
