"""Task files through the real SDK: listed, measured, read completely and in ranges."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from azure.batch.aio import BatchClient as AsyncBatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError

from tests.batch_emulator.bench import present

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

    from tests.batch_emulator.bench import Bench

MAKE_FILES = (
    "mkdir -p 'out dir/deep'; echo hi > 'out dir/a+b.json'; echo x > 'out dir/deep/c'; printf 0123456789"
)


def read(bench: Bench, name: str, **options: Any) -> bytes:
    """Download a file of the task."""
    return b"".join(bench.client.download_task_file("job", "task", name, **options))


def refused(bench: Bench, name: str, **options: Any) -> Any:
    """Expect a download to fail; return the response, read and closed, which the SDK leaves to us."""
    with pytest.raises(HttpResponseError) as caught:
        read(bench, name, **options)
    answer = cast("HttpResponse", caught.value.response)
    answer.read()
    answer.close()
    return answer


def test_listing_is_flat_or_recursive(ready: Bench) -> None:
    """Without recursion only the task's folder is listed; folders have no properties."""
    ready.run(ready.sh(MAKE_FILES))
    flat = [found.name for found in ready.client.list_task_files("job", "task")]
    assert flat == ["stderr.txt", "stdout.txt", "wd"]
    found = {entry.name: entry for entry in ready.files()}
    assert set(found) > {"wd/out dir/a+b.json", "wd/out dir/deep/c"}
    assert found["wd"].is_directory
    assert found["wd"].properties is None
    assert int(found["stdout.txt"].properties.content_length) == 10


def test_listing_takes_a_prefix_and_pages(ready: Bench) -> None:
    """Files can be filtered by a prefix, page by page."""
    ready.run(ready.sh(MAKE_FILES))
    listed = ready.client.list_task_files(
        "job", "task", recursive=True, filter="startswith(name, 'wd/')", max_results=2
    )
    pages = [[found.name for found in page] for page in listed.by_page()]
    assert pages == [["wd/out dir", "wd/out dir/a+b.json"], ["wd/out dir/deep", "wd/out dir/deep/c"]]


def test_names_with_slashes_and_blanks_are_found(ready: Bench) -> None:
    """The SDK sends a file path as one encoded segment."""
    ready.run(ready.sh(MAKE_FILES))
    assert read(ready, "wd/out dir/a+b.json") == b"hi\n"
    properties = ready.client.get_task_file_properties("job", "task", "wd/out dir/a+b.json")
    assert (properties.content_length, properties.is_directory) == (3, False)
    assert present(properties.file_mode).startswith("1006")


@pytest.mark.parametrize(
    ("wanted", "bytes_read"),
    [("bytes=2-4", b"234"), ("bytes=8-100", b"89"), ("bytes=7-", b"789")],
)
def test_slices_are_answered_with_200(ready: Bench, wanted: str, bytes_read: bytes) -> None:
    """A range returns just these bytes, with the status that the SDK requires."""
    ready.run(ready.sh(MAKE_FILES))
    assert read(ready, "stdout.txt", ocp_range=wanted) == bytes_read


def test_slice_beyond_the_end_is_refused(ready: Bench) -> None:
    """A range that starts after the end gives 416."""
    ready.run(ready.sh(MAKE_FILES))
    answer = refused(ready, "stdout.txt", ocp_range="bytes=10-")
    assert (answer.status_code, answer.json()["code"]) == (416, "InvalidRange")


@pytest.mark.parametrize("name", ["nothing.txt", "../../../../../../../etc/passwd", "wd/link"])
def test_only_files_of_the_task_are_found(ready: Bench, name: str) -> None:
    """Missing files, and paths or links that lead outside, are all not found."""
    ready.run(ready.sh("ln -s /etc/passwd link"))
    answer = refused(ready, name)
    assert (answer.status_code, answer.json()["code"]) == (404, "FileNotFound")


def test_output_can_be_followed_while_the_task_runs(ready: Bench) -> None:
    """Standard output is in its file as soon as the command writes it."""
    ready.task(ready.sh("echo up; exec sleep 60"))
    ready.running()
    assert ready.in_state("running")
    assert ready.output() == "up\n"


def test_files_of_a_waiting_task_are_not_there_yet(bench: Bench, refusal: Any) -> None:
    """Before a task has run, its state does not allow requests for files."""
    bench.job()
    bench.task()
    refusal(
        lambda: list(bench.client.list_task_files("job", "task")),
        status=409,
        code="OperationInvalidForCurrentState",
    )


def test_files_go_with_their_node(ready: Bench, refusal: Any) -> None:
    """When the node has left the pool, the task's files are unavailable."""
    ready.run("/bin/true")
    ready.resize(0).wait(120)
    refusal(
        lambda: list(ready.client.list_task_files("job", "task")), status=409, code="TaskFilesUnavailable"
    )


def test_unchanged_file_need_not_be_sent_again(ready: Bench) -> None:
    """If-Modified-Since with a later time gives 304."""
    ready.run(ready.sh(MAKE_FILES))
    modified = ready.client.get_task_file_properties("job", "task", "stdout.txt").last_modified
    answer = refused(ready, "stdout.txt", if_modified_since=modified + timedelta(seconds=1))
    assert answer.status_code == 304


def test_async_sdk_reads_a_file(ready: Bench) -> None:
    """The async client streams the same bytes."""

    async def drive() -> bytes:
        credential = AzureNamedKeyCredential(ready.emulator.account, ready.emulator.key)
        async with AsyncBatchClient(ready.emulator.endpoint, credential) as client:
            pieces = await client.download_task_file("job", "task", "stdout.txt", ocp_range="bytes=0-4")
            return b"".join([piece async for piece in pieces])

    ready.run(ready.sh(MAKE_FILES))
    assert asyncio.run(drive()) == b"01234"


def test_files_of_a_task_are_deleted_one_by_one(ready: Bench, refusal: Any) -> None:
    """A folder must be empty or be deleted recursively, and nothing outside is touched."""
    ready.run(ready.sh(f"{MAKE_FILES}; ln -s / way-out"))

    def delete(name: str, **options: Any) -> None:
        ready.client.delete_task_file("job", "task", name, **options)

    delete("wd/out dir/a+b.json")
    refusal(lambda: delete("wd/out dir/a+b.json"), status=404, code="FileNotFound")
    refusal(lambda: delete("wd/out dir"), status=409, code="OperationInvalidForCurrentState")
    delete("wd/out dir", recursive=True)
    delete("wd/way-out", recursive=True)
    assert {found.name for found in ready.files()} == {"stdout.txt", "stderr.txt", "wd"}
    for outside in ("../task/stdout.txt/..", "wd/..", "wd/../../task"):
        refusal(lambda outside=outside: delete(outside, recursive=True), status=404, code="FileNotFound")


def test_files_of_a_node_hold_those_of_its_tasks(ready: Bench, refusal: Any) -> None:
    """A node's whole folder can be listed, read in ranges, and deleted from."""
    ready.run(ready.sh("echo shared > $AZ_BATCH_NODE_SHARED_DIR/file; printf 0123456789"))
    (node,) = ready.nodes()
    client, place = ready.client, ("pool", node.id)
    assert {found.name for found in client.list_node_files(*place)} >= {"shared", "startup", "workitems"}
    under = client.list_node_files(
        *place, recursive=True, filter="startswith(name,'workitems/job/job-1/task/std')"
    )
    names = [found.name for found in under]
    assert names == [f"workitems/job/job-1/task/std{name}.txt" for name in ("err", "out")]
    assert b"".join(client.download_node_file(*place, present(names[1]), ocp_range="bytes=2-4")) == b"234"
    assert client.get_node_file_properties(*place, "shared/file").content_length == 7
    client.delete_node_file(*place, "shared/file")
    refusal(lambda: client.delete_node_file(*place, "shared/file"), status=404, code="FileNotFound")


def test_files_of_a_node_that_is_away_cannot_be_reached(bench: Bench, refusal: Any) -> None:
    """There is no machine to ask."""
    bench.pool(nodes=0, target_low_priority_nodes=1)
    bench.advance(seconds=0)
    (node,) = bench.nodes()
    bench.emulator.node_faults.preempt("pool", away=timedelta(minutes=1))
    refusal(
        lambda: list(bench.client.list_node_files("pool", node.id)),
        status=409,
        code="OperationNotValidOnNode",
    )
