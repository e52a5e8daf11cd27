"""Resource and output files against a real Azurite, by shared access signature."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.storage.blob import (
    BlobSasPermissions,
    ContainerSasPermissions,
    generate_blob_sas,
    generate_container_sas,
)

if TYPE_CHECKING:
    from tests.batch_emulator.bench import Bench


class Store:
    """A container of a test's own, and signed URLs to it."""

    def __init__(self, azurite: Any) -> None:
        self.container = azurite.container(f"batch-{uuid.uuid4().hex[:12]}")
        self.container.create_container()
        self._account: dict[str, Any] = {
            "account_name": self.container.account_name,
            "account_key": self.container.credential.account_key,
            "container_name": self.container.container_name,
            "expiry": datetime.now(UTC) + timedelta(hours=1),
        }

    def url(self, permissions: str = "racwl") -> str:
        """Sign a URL of the container."""
        allowed = ContainerSasPermissions.from_string(permissions)
        return f"{self.container.url}?{generate_container_sas(**self._account, permission=allowed)}"

    def blob_url(self, name: str, content: bytes) -> str:
        """Put a blob and sign a URL to read it."""
        blob = self.container.upload_blob(name, content)
        allowed = BlobSasPermissions(read=True)
        return f"{blob.url}?{generate_blob_sas(**self._account, blob_name=name, permission=allowed)}"

    def names(self) -> list[str]:
        """List the blobs."""
        return [blob.name for blob in self.container.list_blobs()]

    def read(self, name: str) -> bytes:
        """Read a blob."""
        return bytes(self.container.download_blob(name).readall())


@pytest.fixture
def store(azurite: Any) -> Store:
    """Make an empty container."""
    return Store(azurite)


def resource(bench: Bench, **options: Any) -> Any:
    """Describe a resource file."""
    return bench.models.ResourceFile(**options)


def output(
    bench: Bench, pattern: str, url: str, *, path: str | None = None, when: str = "tasksuccess"
) -> Any:
    """Describe an output file."""
    models = bench.models
    container = models.OutputFileBlobContainerDestination(container_url=url, path=path)
    return models.OutputFile(
        file_pattern=pattern,
        destination=models.OutputFileDestination(container=container),
        upload_options=models.OutputFileUploadConfiguration(upload_condition=when),
    )


def test_blobs_are_there_before_the_command_starts(ready: Bench, store: Store) -> None:
    """A signed blob URL is stored at its path with its mode; a container gives all blobs with a prefix."""
    store.container.upload_blob("in/deep/a.txt", b"A")
    store.container.upload_blob("other.txt", b"O")
    files = [
        resource(
            ready,
            http_url=store.blob_url("tool.sh", b"#!/bin/sh\necho ran\n"),
            file_path="bin/tool",
            file_mode="0750",
        ),
        resource(ready, storage_container_url=store.url("rl"), blob_prefix="in/", file_path="from"),
    ]
    task = ready.run(ready.sh("./bin/tool; cat from/in/deep/a.txt; ls from"), resource_files=files)
    assert task.execution_info.exit_code == 0
    assert ready.output() == "ran\nAin\n"


@pytest.mark.parametrize(
    ("permissions", "code"),
    [
        pytest.param("r", "BlobNotFound", id="missing"),
        pytest.param("w", "BlobAccessDenied", id="not-allowed"),
    ],
)
def test_blob_that_cannot_be_had_fails_the_task(
    ready: Bench, store: Store, permissions: str, code: str
) -> None:
    """A missing or forbidden blob fails the task before its command, without revealing the signature."""
    base, _, signature = store.url(permissions).partition("?")
    file = resource(ready, http_url=f"{base}/nothing?{signature}", file_path="x")
    execution = ready.run(resource_files=[file], command="/bin/true").execution_info
    assert (execution.exit_code, execution.failure_info.code) == (None, code)
    assert signature not in str(execution.as_dict())


def test_path_out_of_the_working_directory_is_refused(ready: Bench, store: Store) -> None:
    """A resource file may not leave wd."""
    file = resource(ready, http_url=store.blob_url("b", b""), file_path="../../escaped")
    execution = ready.run("/bin/true", resource_files=[file]).execution_info
    assert execution.failure_info.code == "ResourceFileCreateFailed"


def test_patterns_choose_blob_names(ready: Bench, store: Store) -> None:
    """Without a wildcard the path is the blob's name, with one it is a prefix; variables are expanded."""
    url = store.url()
    ready.run(
        ready.sh(
            "mkdir -p out/deep; echo 1 > out/a.txt; echo 2 > out/deep/b.txt; echo 3 > .hidden; echo said"
        ),
        output_files=[
            output(ready, "out/a.txt", url, path="named/one.txt"),
            output(ready, "out/a.txt", url),
            output(ready, "**/*.txt", url, path="all"),
            output(ready, "../std*.txt", url, path="logs", when="taskcompletion"),
            output(ready, "$AZ_BATCH_TASK_DIR/stdout.txt", url, path="$kept.txt"),
            output(ready, "../std*.txt", url, path="failures", when="taskfailure"),
            output(ready, "nothing*.txt", url),
        ],
    )
    assert store.names() == sorted(
        [
            "$kept.txt",
            "a.txt",
            "all/out/a.txt",
            "all/out/deep/b.txt",
            "logs/stderr.txt",
            "logs/stdout.txt",
            "named/one.txt",
        ]
    )
    assert store.read("logs/stdout.txt") == b"said\n"
    assert "uploaded a.txt" in ready.output(file="fileuploadout.txt")


def test_failed_task_uploads_its_logs_once(ready: Bench, store: Store) -> None:
    """After the last failed attempt, the files for failure and completion are uploaded, with headers."""
    logs = output(ready, "../std*.txt", store.url(), path="logs", when="taskfailure")
    header = ready.models.OutputFileUploadHeader(name="x-ms-meta-sensor", value="1_4")
    logs.destination.container.upload_headers = [header]
    retry = ready.models.BatchTaskConstraints(max_task_retry_count=1)
    ready.run(ready.sh("echo why >&2; exit 4"), output_files=[logs], constraints=retry)
    assert store.read("logs/stderr.txt") == b"why\n"
    properties = store.container.get_blob_client("logs/stderr.txt").get_blob_properties()
    assert properties.metadata == {"sensor": "1_4"}


def test_task_out_of_time_uploads_its_logs(ready: Bench, store: Store) -> None:
    """A task ended by its time limit still uploads what it wrote."""
    logs = output(ready, "../stdout.txt", store.url(), path="late.txt", when="taskcompletion")
    limit = ready.models.BatchTaskConstraints(max_wall_clock_time=timedelta(minutes=1))
    ready.task(ready.sh("echo up; exec sleep 60"), output_files=[logs], constraints=limit)
    ready.running()
    ready.advance(minutes=1)
    assert ready.ended().execution_info.failure_info.code == "TaskEnded"
    assert store.read("late.txt") == b"up\n"


@pytest.mark.parametrize(
    ("container", "permissions", "code"),
    [
        pytest.param("no-such-container", "racwl", "FileUploadContainerNotFound", id="no-container"),
        pytest.param(None, "r", "FileUploadAccessDenied", id="read-only"),
    ],
)
def test_failed_upload_fails_the_task(
    ready: Bench, store: Store, container: str | None, permissions: str, code: str
) -> None:
    """A task whose output cannot be uploaded fails, with its command's exit code."""
    url = store.url(permissions)
    if container is not None:
        store.container.delete_container()
    execution = ready.run("/bin/true", output_files=[output(ready, "../stdout.txt", url)]).execution_info
    assert (execution.exit_code, execution.result, execution.failure_info.code) == (0, "failure", code)
    assert execution.retry_count == 0
    assert code in ready.output(file="fileuploaderr.txt")


def test_upload_error_meets_its_exit_condition(ready: Bench, store: Store) -> None:
    """An upload error has an exit condition of its own."""
    models = ready.models
    ready.job("acts", task_failure_mode="performexitoptionsjobaction")
    conditions = models.ExitConditions(file_upload_error=models.ExitOptions(job_action="terminate"))
    outputs = [output(ready, "../stdout.txt", store.url("r"))]
    ready.run("/bin/true", job="acts", output_files=outputs, exit_conditions=conditions)
    assert ready.client.get_job("acts").state == "completed"
