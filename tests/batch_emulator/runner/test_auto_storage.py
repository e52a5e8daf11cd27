"""Auto storage on a real Azurite: containers by name, and identities that stand for it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.batch import models
from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.batch_emulator.bench import Bench

IDENTITY = models.BatchNodeIdentityReference(resource_id="/subscriptions/s/identity")


@pytest.fixture
def container(azurite: Any) -> Any:
    """Make a container with one blob."""
    container = azurite.container(f"auto-{uuid.uuid4().hex[:12]}")
    container.create_container()
    container.upload_blob("deep/a.txt", b"A")
    return container


def account_url(container: Any) -> str:
    """Sign a URL of the container's account."""
    signature = generate_account_sas(
        container.account_name,
        container.credential.account_key,
        resource_types=ResourceTypes(service=True, container=True, object=True),
        permission=AccountSasPermissions(read=True, list=True, write=True, create=True, add=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    return f"{container.url.rpartition('/')[0]}?{signature}"


@pytest.fixture
def stored(bench_of: Callable[..., Bench], container: Any) -> Bench:
    """Start an emulator with auto storage, a pool and a job."""
    bench = bench_of(auto_storage=account_url(container))
    bench.pool()
    bench.job()
    return bench


def results(url: str) -> Any:
    """Upload a file by an identity."""
    place = models.OutputFileBlobContainerDestination(container_url=url, identity_reference=IDENTITY)
    return models.OutputFile(
        file_pattern="out.txt",
        destination=models.OutputFileDestination(container=place),
        upload_options=models.OutputFileUploadConfiguration(upload_condition="tasksuccess"),
    )


def test_container_is_found_by_its_name(stored: Bench, container: Any) -> None:
    """All blobs of a container in the auto storage are found by the container's name."""
    file = models.ResourceFile(auto_storage_container_name=container.container_name, file_path="in")
    stored.run("/bin/cat in/deep/a.txt", resource_files=[file])
    assert stored.output() == "A"


def test_identity_stands_for_the_auto_storage(stored: Bench, container: Any) -> None:
    """Blobs, containers and uploads that name an identity need no signature."""
    files = [
        models.ResourceFile(
            http_url=f"{container.url}/deep/a.txt", file_path="one", identity_reference=IDENTITY
        ),
        models.ResourceFile(
            storage_container_url=container.url, file_path="all", identity_reference=IDENTITY
        ),
    ]
    script = stored.sh("cat one all/deep/a.txt | tee out.txt")
    task = stored.run(script, resource_files=files, output_files=[results(container.url)])
    assert (task.execution_info.exit_code, task.execution_info.failure_info) == (0, None)
    assert container.download_blob("out.txt").readall() == b"AA"


def test_signature_of_the_auto_storage_is_kept_and_shown_nowhere(
    stored: Bench, container: Any, tmp_path: Path
) -> None:
    """It is neither in a task's environment, nor in its record, nor in the state file."""
    file = models.ResourceFile(auto_storage_container_name=container.container_name)
    stored.run(stored.sh("env"), resource_files=[file], output_files=[results(container.url)])
    signature = str(stored.emulator.settings.auto_storage).partition("sig=")[2]
    assert signature not in stored.output()
    assert signature not in str(stored.client.get_task("job", "task").as_dict())
    assert not any(signature.encode() in file.read_bytes() for file in tmp_path.glob("data0/state*"))


@pytest.mark.parametrize(
    "file",
    [
        pytest.param({"auto_storage_container_name": "c"}, id="auto-storage"),
        pytest.param(
            {"http_url": "http://127.0.0.1:9/c/b", "file_path": "b", "identity_reference": IDENTITY},
            id="identity",
        ),
    ],
)
def test_without_auto_storage_there_is_no_access(ready: Bench, file: dict[str, Any]) -> None:
    """A task that needs it fails before its command, with a sentence on what to do."""
    failure = ready.run("/bin/true", resource_files=[models.ResourceFile(**file)]).execution_info.failure_info
    assert failure.code == "BlobAccessDenied"
    assert "--auto-storage URL" in failure.message


def test_identity_does_not_reach_other_storage(stored: Bench) -> None:
    """The signature is never sent to another account, neither for downloads nor for uploads."""
    url = "http://127.0.0.1:9/stranger/c"
    file = models.ResourceFile(http_url=f"{url}/b", file_path="b", identity_reference=IDENTITY)
    down = stored.run("/bin/true", "down", resource_files=[file]).execution_info
    up = stored.run("/bin/true", "up", output_files=[results(url)]).execution_info
    codes = [execution.failure_info.code for execution in (down, up)]
    assert codes == ["BlobAccessDenied", "FileUploadAccessDenied"]
