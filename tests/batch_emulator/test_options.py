"""The program with a rule instead of processes, with controls, and with invalid options."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import ServiceResponseError

from azure_batch_emulator.wire.control.controls import CONTROLS
from tests.batch_emulator.bench import present

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGE_ROOT = Path(__file__).resolve().parents[2] / "batch_emulator"
KEY = "c29tZSBrZXk="
NEVER_SECONDS = 240.0
"""A guard against hanging; nothing here takes that long, however busy the machine."""
RULE = """
from azure_batch_emulator.runner.scripted import Outcome

def rule(attempt):
    return Outcome(int(attempt.command_line), stdout="asked\\n")

nothing = None
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the emulator in a folder with a rule; kill what is left afterwards."""
    (tmp_path / "my_rule.py").write_text(RULE)
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> subprocess.Popen[str]:
        common = ["--data", str(tmp_path / "data"), "--account", "acct", "--key", KEY, "--boot-seconds", "0"]
        process = subprocess.Popen(
            [sys.executable, "-m", "azure_batch_emulator", *common, *arguments],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGE_ROOT)},
            cwd=tmp_path,
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


def endpoint_of(process: subprocess.Popen[str]) -> str:
    """Return the emulator's address once it listens."""
    assert process.stdout is not None
    return str(json.loads(process.stdout.readline())["endpoint"])


def add_tasks(client: BatchClient, *commands: str) -> None:
    """Make a pool, a job, and one task per command line, named after it."""
    image = models.BatchVmImageReference(publisher="p", offer="o", sku="s", version="latest")
    machine = models.VirtualMachineConfiguration(image_reference=image, node_agent_sku_id="n")
    pool = models.BatchPoolCreateOptions(
        id="p",
        vm_size="standard_d2s_v3",
        virtual_machine_configuration=machine,
        target_dedicated_nodes=1,
    )
    client.create_pool(pool)
    client.create_job(models.BatchJobCreateOptions(id="j", pool_info=models.BatchPoolInfo(pool_id="p")))
    for command in commands:
        client.create_task("j", models.BatchTaskCreateOptions(id=f"t{command}", command_line=command))


def test_rule_of_the_current_directory_decides(start: Callable[..., subprocess.Popen[str]]) -> None:
    """The program calls the given rule, and ends cleanly on request."""
    process = start("--rule", "my_rule:rule", "--rule-threads", "2")
    with BatchClient(endpoint_of(process), AzureNamedKeyCredential("acct", KEY)) as client:
        add_tasks(client, "0", "5")
        deadline = time.monotonic() + NEVER_SECONDS
        while client.get_job_task_counts("j").task_counts.completed < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert present(client.get_task("j", "t5").execution_info).exit_code == 5
        assert b"".join(client.download_task_file("j", "t0", "stdout.txt")) == b"asked\n"
    process.terminate()
    assert process.communicate(timeout=NEVER_SECONDS) == ("", "")
    assert process.returncode == 0


def test_controls_answer_beside_the_service(start: Callable[..., subprocess.Popen[str]]) -> None:
    """With the option, the program counts and fails requests; its output stays quiet."""
    process = start("--controls", "--host", "localhost")
    endpoint = endpoint_of(process)
    with (
        BatchClient(endpoint, AzureNamedKeyCredential("acct", KEY), retry_total=0) as client,
        httpx.Client(base_url=f"{endpoint}/_emulator", trust_env=False) as controls,
    ):
        controls.post("/faults/drop", json={}).raise_for_status()
        with pytest.raises(ServiceResponseError):
            list(client.list_pools())
        assert list(client.list_pools()) == []
        statuses = controls.get("/requests").json()["operations"]["list_pools"]["statuses"]
    assert statuses == {"0": 1, "200": 1}
    process.terminate()
    assert process.communicate(timeout=NEVER_SECONDS) == ("", "")


def test_day_passes_when_it_is_told_to(start: Callable[..., subprocess.Popen[str]]) -> None:
    """With a manual clock nothing happens until a request turns it; then everything due happens."""
    process = start("--controls", "--manual-clock", "--rule", "my_rule:rule", "--boot-seconds", "240")
    endpoint = endpoint_of(process)
    with BatchClient(endpoint, AzureNamedKeyCredential("acct", KEY)) as client:
        add_tasks(client, "0")
        assert client.get_task("j", "t0").state == "active"
        turned = httpx.post(
            f"{endpoint}/_emulator/clock", json={"seconds": 86400}, trust_env=False, timeout=NEVER_SECONDS
        )
        assert turned.status_code == 200
        assert client.get_task("j", "t0").state == "completed"
    process.terminate()
    assert process.communicate(timeout=NEVER_SECONDS) == ("", "")


def test_slow_answer_does_not_keep_the_program(start: Callable[..., subprocess.Popen[str]]) -> None:
    """When the program is asked to end, a delayed response is sent at once, and it ends silently."""
    process = start("--controls")
    endpoint = endpoint_of(process)
    httpx.post(f"{endpoint}/_emulator/faults/slow", json={"seconds": 3600}, trust_env=False)
    with (
        BatchClient(endpoint, AzureNamedKeyCredential("acct", KEY), retry_total=0) as client,
        ThreadPoolExecutor(1) as threads,
        httpx.Client(base_url=f"{endpoint}/_emulator", trust_env=False) as controls,
    ):
        answer = threads.submit(lambda: list(client.list_pools()))
        deadline = time.monotonic() + NEVER_SECONDS
        while not controls.get("/requests").json()["requests"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.terminate()
        assert answer.result(NEVER_SECONDS) == []
    assert process.communicate(timeout=NEVER_SECONDS) == ("", "")
    assert process.returncode == 0


def test_readme_lists_every_control() -> None:
    """The README's table of controls matches the control plane."""
    section = (PACKAGE_ROOT / "README.md").read_text(encoding="utf-8").partition("## Controls")[2]
    listed = set(re.findall(r"^\| (?:GET|DELETE|POST) `([a-z/-]+)`", section, re.MULTILINE))
    assert listed == {control.path for control in CONTROLS} | {"requests", "clock", "faults", "state"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["--rule", "my_rule"], "--rule takes MODULE:CALLABLE", id="form"),
        pytest.param(["--rule", "no_such:rule"], "No module named 'no_such'", id="module"),
        pytest.param(["--rule", "my_rule:other"], "has no attribute 'other'", id="name"),
        pytest.param(["--rule", "my_rule:nothing"], "is no callable but a NoneType", id="callable"),
        pytest.param(["--controls", "--host", "0.0.0.0"], "are for loopback only", id="controls"),  # noqa: S104  refused
        pytest.param(["--manual-clock"], "--manual-clock needs --controls", id="clock"),
        pytest.param(
            ["--manual-clock", "--controls", "--clock-speed", "2"],
            "no --clock-speed",
            id="two clocks",
        ),
        pytest.param(["--rule-threads", "0"], "--rule-threads must be 1 or more", id="threads"),
    ],
)
def test_wrong_options_get_one_sentence(
    start: Callable[..., subprocess.Popen[str]], arguments: list[str], sentence: str
) -> None:
    """An invalid option gives one line before anything is served."""
    process = start(*arguments)
    out, err = process.communicate(timeout=NEVER_SECONDS)
    assert (out, process.returncode) == ("", 2)
    assert sentence in err
    assert len(err.splitlines()) == 1
