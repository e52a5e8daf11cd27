"""Requests counted by operation and status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.batch_emulator.bench import Bench


def test_requests_are_counted_by_operation_and_status(bench: Bench, refusal: Callable[..., Any]) -> None:
    """Each response is counted, refusals included."""
    bench.job()
    bench.client.get_job("job")
    bench.client.get_job("JOB")
    refusal(lambda: bench.client.get_job("other"), status=404, code="JobNotFound")
    report = bench.emulator.requests()
    counts = {(line.operation, line.status): line.requests for line in report.lines}
    assert counts == {("create_job", 201): 1, ("get_job", 200): 2, ("get_job", 404): 1}
    assert (report.count(), report.count("get_job"), report.count(status=404)) == (4, 3, 1)


def test_bytes_of_answers_are_counted(bench: Bench) -> None:
    """The bodies of responses add up, to the byte."""
    bench.job()
    bench.emulator.reset_requests()
    seen: list[Any] = []
    bench.client.get_job("job", raw_response_hook=seen.append)
    sent = int(seen[0].http_response.headers["Content-Length"])
    report = bench.emulator.requests()
    assert report.bytes_sent() == report.bytes_sent("get_job", status=200) == sent


def test_large_files_are_counted_by_their_length(ready: Bench) -> None:
    """A file that is sent in pieces counts with all its bytes."""
    ready.run("/usr/bin/head -c 1000000 /dev/zero")
    ready.emulator.reset_requests()
    assert sum(map(len, ready.client.download_task_file("job", "task", "stdout.txt"))) == 1_000_000
    assert ready.emulator.requests().bytes_sent("download_task_file") == 1_000_000


def test_counts_begin_anew(bench: Bench) -> None:
    """A reset forgets everything before it."""
    bench.job()
    bench.advance(minutes=1)
    bench.emulator.reset_requests()
    report = bench.emulator.requests()
    assert (report.lines, report.since) == ((), bench.emulator.clock.now())


def test_strangers_are_counted_without_an_operation(bench: Bench, refusal: Callable[..., Any]) -> None:
    """A request that fails authentication counts as unknown."""
    credential = AzureNamedKeyCredential(bench.emulator.account, "d3Jvbmcga2V5")
    with BatchClient(bench.emulator.endpoint, credential) as stranger:
        refusal(lambda: stranger.get_job("job"), status=403, code="AuthenticationFailed")
    assert bench.emulator.requests().count("unknown", status=403) == 1


def test_paging_costs_a_request_a_page(bench: Bench) -> None:
    """A listing counts one request per page."""
    for number in range(5):
        bench.job(f"j{number}")
    assert len(list(bench.client.list_jobs(max_results=2))) == 5
    assert bench.emulator.requests().count("list_jobs") == 3
