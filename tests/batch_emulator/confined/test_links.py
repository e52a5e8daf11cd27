"""The emulator never follows links that tasks make to other places, neither to read nor to write."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.batch import models

from azure_batch_emulator.runner.scripted import ScriptedRunner
from tests.batch_emulator.bench import WAIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure_batch_emulator.runner.interface import AttemptSpec
    from tests.batch_emulator.bench import Bench

SECRET = b"of the host"


class Storage:
    """Stands in for Blob Storage: gives the same bytes for every GET, and keeps every PUT."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        storage = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(200, b"from storage")

            def do_PUT(self) -> None:
                storage.blobs[self.path.rpartition("/")[2]] = self.rfile.read(
                    int(self.headers["Content-Length"])
                )
                self._answer(201, b"")

            def _answer(self, status: int, content: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Stay silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/container"


@pytest.fixture
def storage() -> Iterator[Storage]:
    """Serve a storage on loopback."""
    storage = Storage()
    thread = threading.Thread(target=storage.server.serve_forever, args=(0.01,))
    thread.start()
    yield storage
    storage.server.shutdown()
    thread.join()
    storage.server.server_close()


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """Make a folder on the host with files that no task may reach through the emulator."""
    folder = tmp_path / "host"
    (folder / "job-1" / "task").mkdir(parents=True)
    for file in ("file", "job-1/file", "job-1/task/file"):
        (folder / file).write_bytes(SECRET)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Read all files in a folder."""
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


@pytest.fixture(params=["processes", "scripted"])
def hostile(
    request: pytest.FixtureRequest, bench_of: Callable[..., Bench], host: Path
) -> Callable[..., Bench]:
    """Start an emulator, with either runner, whose tasks replace files by links to the host."""
    settings: dict[str, Any] = {}

    def relink(attempt: AttemptSpec) -> int:
        for pair in attempt.environment["LINKS"].split():
            name, _, target = pair.partition("=")
            path = Path(os.path.normpath(attempt.directory / name))
            with suppress(FileNotFoundError):
                path.rename(path.with_name(f"{path.name}.old"))
            path.symlink_to(host / target)
        return int(attempt.environment["CODE"])

    if request.param == "scripted":
        settings["runner"] = ScriptedRunner(relink)

    def start(links: str, *, code: int = 0, **options: Any) -> Bench:
        bench = bench_of(**settings)
        bench.pool()
        bench.job()
        setting = bench.models.EnvironmentSetting
        environment = [setting(name="LINKS", value=links), setting(name="CODE", value=str(code))]
        environment.append(setting(name="HOST", value=str(host)))
        script = (
            'cd "$AZ_BATCH_TASK_DIR"; for pair in $LINKS; do name=${pair%%=*}; '
            'mv "$name" "$name.old" 2>/dev/null; ln -s "$HOST/${pair#*=}" "$name"; done; exit $CODE'
        )
        bench.run(bench.sh(script), environment_settings=environment, **options)
        return bench

    return start


def output(pattern: str, url: str, path: str | None = None) -> Any:
    """Describe an output file."""
    container = models.OutputFileBlobContainerDestination(container_url=url, path=path)
    return models.OutputFile(
        file_pattern=pattern,
        destination=models.OutputFileDestination(container=container),
        upload_options=models.OutputFileUploadConfiguration(upload_condition="taskcompletion"),
    )


def test_outputs_that_are_links_are_not_overwritten(hostile: Any, host: Path) -> None:
    """The next attempt starts with output files of its own."""
    before = contents(host)
    constraints = {"maxTaskRetryCount": 2}
    bench = hostile("stdout.txt=file stderr.txt=job-1/file", code=1, constraints=constraints)
    assert bench.client.get_task("job", "task").execution_info.retry_count == 2
    assert contents(host) == before


def test_resource_files_do_not_go_through_links(hostile: Any, host: Path, storage: Storage) -> None:
    """A folder that has become a link by the next attempt is not written to, and the task fails with that."""
    before = contents(host)
    for links, path in (("wd=.", "new"), ("wd/sub=.", "sub/new"), ("wd/new=file", "new")):
        file = models.ResourceFile(http_url=f"{storage.url}/x", file_path=path)
        hostile(links, code=1, constraints={"maxTaskRetryCount": 1}, resource_files=[file])
        assert contents(host) == before, links


@pytest.mark.parametrize(
    ("links", "pattern"),
    [
        pytest.param("wd/file=file", "file", id="file"),
        pytest.param("wd/sub=.", "sub/file", id="folder"),
        pytest.param("wd/sub=.", "sub/*", id="pattern-below"),
        pytest.param("wd/file=file", "*", id="pattern"),
        pytest.param("wd/sub=.", "**/*", id="any-depth"),
        pytest.param("wd=.", "file", id="working-directory"),
        pytest.param("../task=.", "file", id="task-directory"),
        pytest.param("stdout.txt=file", "../stdout.txt", id="output"),
        pytest.param("../../../../shared=.", "$AZ_BATCH_NODE_SHARED_DIR/file", id="shared"),
    ],
)
def test_files_of_the_host_are_not_uploaded(
    hostile: Any, host: Path, storage: Storage, links: str, pattern: str
) -> None:
    """Neither a link nor a file behind one is an output file."""
    hostile(links, output_files=[output(pattern, storage.url, "blob")])
    assert SECRET not in storage.blobs.values()
    assert contents(host)["file"] == SECRET


def test_upload_logs_that_are_links_are_not_overwritten(hostile: Any, host: Path, storage: Storage) -> None:
    """The log of uploads replaces a link of its name."""
    before = contents(host)
    bench = hostile(
        "fileuploadout.txt=file fileuploaderr.txt=job-1/file",
        output_files=[output("../std*.txt", storage.url)],
    )
    assert contents(host) == before
    assert "uploaded stdout.txt" in bench.output(file="fileuploadout.txt")
    assert set(storage.blobs) == {"stdout.txt", "stderr.txt"}


def test_links_that_stay_inside_are_uploaded(ready: Bench, storage: Storage) -> None:
    """A link within the task's folder stands for its target."""
    files = [output("inside", storage.url), output("deep/*", storage.url, "in")]
    task = ready.run(
        ready.sh("ln -s ../stdout.txt inside; mkdir real; ln -s real deep; touch real/f; printf x"),
        output_files=files,
    )
    assert task.execution_info.failure_info is None
    assert storage.blobs == {"inside": b"x", "f": b""}


@pytest.mark.parametrize("links", ["../../../job=.", "../../job-1=job-1", "../task=job-1/task"])
def test_nothing_of_the_host_is_deleted(hostile: Any, host: Path, links: str) -> None:
    """Whichever folder a task replaces by a link, deleting task, job and pool leaves the host alone."""
    before = contents(host)
    bench = hostile(links)
    with suppress(Exception):
        bench.client.delete_task_file("job", "task", "file")
    bench.client.delete_task("job", "task")
    bench.client.begin_delete_job("job", **WAIT).wait(120)
    bench.client.begin_delete_pool("pool", **WAIT).wait(120)
    bench.until(lambda: not list(bench.emulator.settings.data.glob("nodes/*/*")))
    assert contents(host) == before


@pytest.mark.parametrize("links", ["../../../job=.", "../../job-1=job-1", "../task=job-1/task", "wd=."])
def test_nothing_of_the_host_is_listed_or_read(hostile: Any, links: str) -> None:
    """A task whose folder leads elsewhere has no files, nor does its node have them there."""
    bench = hostile(links)
    (node,) = bench.nodes()
    shown = [found.name for found in bench.client.list_task_files("job", "task", recursive=True)]
    shown += [found.name for found in bench.client.list_node_files("pool", node.id, recursive=True)]
    assert not [name for name in shown if name.rpartition("/")[2] == "file"]
    read = b""
    with suppress(Exception):
        read = b"".join(bench.client.download_task_file("job", "task", "file"))
    assert read == b""


def test_log_of_a_node_is_neither_written_nor_read_through_a_link(
    hostile: Any, host: Path, storage: Storage
) -> None:
    """The log is uploaded as it is, and never written into a file of the host."""
    before = contents(host)
    bench = hostile("../../../../volatile=.")
    (host / "agent.log").write_bytes(SECRET)
    (node,) = bench.nodes()
    now = bench.models.UploadBatchServiceLogsOptions(
        container_url=storage.url, start_time="2026-01-01T00:00:00Z"
    )
    bench.client.upload_node_logs("pool", node.id, now)
    assert bench.until(lambda: b"allocated" in storage.blobs.get("agent.log", b""))
    assert contents(host) == {**before, "agent.log": SECRET}
