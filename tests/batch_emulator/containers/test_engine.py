"""Tasks in real containers of a real engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.batch_emulator.bench import Bench
    from tests.batch_emulator.containers.docker import Docker

pytestmark = pytest.mark.containers

IMAGE = "azure-batch-emulator-tests:plain"
IMAGE_WITH_ENTRY_POINT = "azure-batch-emulator-tests:entry"


@pytest.fixture
def contained(docker: Docker, bench_of: Callable[..., Bench]) -> Bench:
    """Start an emulator that runs containers, with a pool and a job."""
    assert docker.containers() == []
    bench = bench_of(containers=True, engine="docker", image_aliases={"registry.example/shell": IMAGE})
    open_pool(bench)
    return bench


def open_pool(bench: Bench, *images: str, **options: Any) -> None:
    """Make a pool that runs containers, and a job."""
    configuration = models.BatchContainerConfiguration(
        type="dockerCompatible", container_image_names=list(images)
    )
    bench.pool(virtual_machine_configuration=bench.machine(container_configuration=configuration), **options)
    bench.job()


def image(name: str = IMAGE, **options: Any) -> Any:
    """Name the image of a task."""
    return models.BatchTaskContainerSettings(image_name=name, **options)


def test_task_runs_in_its_image(contained: Bench, docker: Docker) -> None:
    """The command sees the image's files and its own folder and variables, as the emulator's user."""
    script = contained.sh(
        'pwd; id -u; echo "$AZ_BATCH_TASK_ID $SECRET"; echo err >&2; cat /etc/passwd; exit 3'
    )
    settings = [models.EnvironmentSetting(name="SECRET", value="two\nlines = #here")]
    task = contained.run(
        script, container_settings=image("registry.example/shell"), environment_settings=settings
    )
    workdir = contained.emulator.settings.data / "nodes/pool" / contained.nodes()[0].id
    expected = f"{workdir}/workitems/job/job-1/task/wd\n{os.getuid()}\ntask two\nlines = #here\n"
    assert contained.output() == expected
    errors = contained.output(file="stderr.txt")
    assert errors.startswith("err\n")
    assert "/etc/passwd" in errors
    info = task.execution_info.container_info
    assert (task.execution_info.exit_code, info.state, len(info.container_id)) == (3, "exited", 64)
    assert docker.containers() == []


def test_files_of_the_node_are_shared(contained: Bench) -> None:
    """One container can read what another wrote to the shared folder."""
    contained.run(contained.sh("echo left > $AZ_BATCH_NODE_SHARED_DIR/note"), "a", container_settings=image())
    contained.run(contained.sh("cat $AZ_BATCH_NODE_SHARED_DIR/note"), "b", container_settings=image())
    assert contained.output("b") == "left\n"


def test_read_only_folder_cannot_be_written(contained: Bench) -> None:
    """Only named folders are visible, and read-only ones cannot be changed."""
    mounts = [
        models.ContainerHostBatchBindMountEntry(source="Task"),
        models.ContainerHostBatchBindMountEntry(source="Shared", is_read_only=True),
    ]
    write = "echo x > mine; echo x > $AZ_BATCH_NODE_SHARED_DIR/theirs || echo refused"
    script = f"{write}; cd $AZ_BATCH_NODE_STARTUP_DIR || echo unseen"
    contained.run(contained.sh(script), container_settings=image(container_host_batch_bind_mounts=mounts))
    assert contained.output() == "refused\nunseen\n"
    assert "wd/mine" in {file.name for file in contained.files()}


def test_mounts_and_packages_are_there(
    docker: Docker, bench_of: Callable[..., Bench], tmp_path: Path
) -> None:
    """The pool's mounts and the task's packages have the same paths in a container as for processes."""
    assert docker.containers() == []
    for name in ("files", "tool"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "note").write_text(f"{name}\n")
    bench = bench_of(
        containers=True,
        mounts={"server:/export": tmp_path / "files"},
        applications={("tool", "1"): tmp_path / "tool"},
    )
    nfs = models.NfsMountConfiguration(source="server:/export", relative_mount_path="m")
    open_pool(bench, mount_configuration=[models.MountConfiguration(nfs_mount_configuration=nfs)])
    reference = models.BatchApplicationPackageReference(application_id="tool", version="1")
    script = bench.sh("cat $AZ_BATCH_NODE_MOUNTS_DIR/m/note $AZ_BATCH_APP_PACKAGE_tool_1/note")
    bench.run(script, container_settings=image(), application_package_references=[reference])
    assert bench.output() == "files\ntool\n"


def test_container_without_mounts_sees_nothing(contained: Bench) -> None:
    """With an empty list, nothing of the node is visible."""
    settings = image(container_host_batch_bind_mounts=[])
    contained.run(contained.sh("cd $AZ_BATCH_NODE_SHARED_DIR || echo unseen"), container_settings=settings)
    assert contained.output() == "unseen\n"


def test_entry_point_and_working_directory_are_the_images(contained: Bench) -> None:
    """An empty command line runs the image's entry point; another becomes its arguments."""
    contained.run("", "empty", container_settings=image(IMAGE_WITH_ENTRY_POINT))
    contained.run("here", "some", container_settings=image(IMAGE_WITH_ENTRY_POINT))
    settings = image(
        IMAGE_WITH_ENTRY_POINT,
        working_directory="containerImageDefault",
        container_run_options="--entrypoint /bin/sh",
    )
    contained.run("-c pwd", "place", container_settings=settings)
    outputs = [contained.output(task) for task in ("empty", "some", "place")]
    assert outputs == ["entered /bin/sh\n", "entered here\n", "/bin\n"]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        pytest.param(
            image(container_run_options="--no-such-option"), "ContainerInvalidSettings", id="option"
        ),
        pytest.param(
            image(container_run_options="--workdir /a --init=false --entrypoint /no"),
            "CommandLaunchFailed",
            id="program",
        ),
    ],
)
def test_container_that_cannot_start_says_why(
    contained: Bench, docker: Docker, settings: Any, code: str
) -> None:
    """The failure quotes the engine, and nothing is left behind."""
    execution = contained.run("x", container_settings=settings).execution_info
    assert (execution.failure_info.code, execution.exit_code) == (code, None)
    assert docker.containers() == []


def test_image_that_is_nowhere_fails_its_task_and_its_node(
    docker: Docker, bench_of: Callable[..., Bench]
) -> None:
    """An unknown image fails its task; if a pool is to preload it, the node is unusable."""
    bench = bench_of(containers=True)
    open_pool(bench)
    # Nothing listens there, hence no registry either.
    name = "127.0.0.1:9/none:1"
    failure = bench.run("x", container_settings=image(name)).execution_info.failure_info
    assert failure.code == "ContainerInvalidRegistry"
    configuration = models.BatchContainerConfiguration(type="dockerCompatible", container_image_names=[name])
    bench.pool("other", virtual_machine_configuration=bench.machine(container_configuration=configuration))
    bench.until(lambda: bench.nodes("other")[0].state == "unusable")
    assert bench.nodes("other")[0].errors[0].code == "ContainerInvalidRegistry"
    assert docker.containers() == []


@pytest.mark.parametrize("ending", ["terminate", "time limit", "pre-emption", "stop"])
def test_every_early_end_removes_the_container(contained: Bench, docker: Docker, ending: str) -> None:
    """However it is ended, a command that ignores the signal goes with its container."""
    configuration = models.BatchContainerConfiguration(type="dockerCompatible")
    machine = contained.machine(container_configuration=configuration)
    contained.pool("spot", nodes=0, target_low_priority_nodes=1, virtual_machine_configuration=machine)
    contained.job("long", pool="spot")
    limits = models.BatchTaskConstraints(max_wall_clock_time=timedelta(minutes=1))
    script = contained.sh("trap '' TERM; echo up; while :; do sleep 0.1; done")
    contained.task(script, job="long", container_settings=image(), constraints=limits)
    contained.running(job="long")
    assert len(docker.containers()) == 1
    if ending == "terminate":
        contained.client.terminate_task("long", "task")
    elif ending == "time limit":
        contained.advance(minutes=2)
    elif ending == "pre-emption":
        contained.emulator.node_faults.preempt("spot", None, away=timedelta(minutes=5))
    else:
        contained.emulator.__exit__(None, None, None)
    contained.until(lambda: docker.containers() == [])


def test_polite_command_ends_by_itself(contained: Bench) -> None:
    """The signal reaches the command, whose own exit code is kept."""
    script = contained.sh("trap 'echo cleaned; exit 5' TERM; echo up; while :; do sleep 0.05; done")
    contained.task(script, container_settings=image())
    contained.running()
    contained.client.terminate_task("job", "task")
    assert contained.ended().execution_info.exit_code == 5
    assert contained.output() == "up\ncleaned\n"


def start_program(data: Path) -> subprocess.Popen[bytes]:
    """Start the emulator as a separate process."""
    options = ["--account", "a", "--key", "c29tZSBrZXk=", "--data", str(data), "--boot-seconds", "0"]
    root = Path(__file__).resolve().parents[3] / "batch_emulator"
    return subprocess.Popen(
        [sys.executable, "-m", "azure_batch_emulator", *options, "--runner", "container"],
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
    )


@pytest.mark.parametrize("with_supervisor", [False, True], ids=["emulator", "emulator-and-supervisor"])
def test_kill_of_the_emulator_leaves_no_container(
    bench: Bench, docker: Docker, tmp_path: Path, *, with_supervisor: bool
) -> None:
    """Its supervisor cleans up after a kill; if that is killed too, the next start does."""
    process = start_program(tmp_path / "killed")
    assert process.stdout is not None
    endpoint = json.loads(process.stdout.readline())["endpoint"]
    with BatchClient(endpoint, AzureNamedKeyCredential("a", "c29tZSBrZXk=")) as client:
        other = type(bench)(bench.emulator, client)
        open_pool(other)
        other.task("/bin/sleep 60", container_settings=image())
        bench.until(lambda: docker("ps", "--quiet", "--filter", f"ancestor={IMAGE}"))
    if with_supervisor:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
    process.kill()
    process.wait()
    process.stdout.close()
    if with_supervisor:
        assert len(docker.containers()) == 1
        process = start_program(tmp_path / "killed")
        assert process.stdout is not None
        with process.stdout:
            process.stdout.readline()
            bench.until(lambda: len(docker.containers()) <= 1)
            process.terminate()
            process.wait()
    bench.until(lambda: docker.containers() == [])
