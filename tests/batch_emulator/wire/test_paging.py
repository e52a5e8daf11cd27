"""Lists through the real SDK: pages, filters, selections."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest

from tests.batch_emulator.bench import present

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.batch import models
    from azure.core.paging import PageIterator

    from tests.batch_emulator.bench import Bench


@pytest.fixture
def seven(bench: Bench) -> Bench:
    """Make a job with seven waiting tasks."""
    bench.job()
    tasks = [bench.task_options(task_id=f"t{n}") for n in range(7)]
    group = bench.models.BatchTaskGroup(task_values=tasks)
    bench.client.create_task_collection("job", group)
    return bench


def ids(bench: Bench, **options: Any) -> list[str]:
    """List the ids of tasks."""
    return [task.id for task in bench.client.list_tasks("job", **options)]


def test_pages_join_without_gap_or_repetition(seven: Bench) -> None:
    """Three tasks a page make three pages, in the order of creation."""
    pages = [[task.id for task in page] for page in seven.client.list_tasks("job", max_results=3).by_page()]
    assert pages == [["t0", "t1", "t2"], ["t3", "t4", "t5"], ["t6"]]


def test_next_link_is_absolute_and_keeps_the_question(seven: Bench) -> None:
    """The link to the next page has scheme, host and port, and the filter, selection and size."""
    tasks = seven.client.list_tasks("job", max_results=2, filter="state eq 'active'", select=["id"])
    listed = cast("PageIterator[models.BatchTask]", tasks.by_page())
    next(listed)
    link = present(listed.continuation_token)
    assert link.startswith(f"{seven.emulator.endpoint}/jobs/job/tasks?")
    for part in ("%24filter|\\$filter", "%24select|\\$select", "maxresults=2", "\\$skiptoken="):
        assert re.search(part, link)
    (second, *_) = [[task.id for task in page] for page in listed]
    assert second == ["t2", "t3"]


def test_page_that_ends_exactly_has_no_link(seven: Bench) -> None:
    """A full last page does not lead to an empty one."""
    assert len(list(seven.client.list_tasks("job", max_results=7).by_page())) == 1


def test_task_deleted_between_pages_does_not_shift_the_rest(seven: Bench) -> None:
    """The next page starts where the last one ended, whatever was deleted meanwhile."""
    pages = seven.client.list_tasks("job", max_results=3).by_page()
    first = [task.id for task in next(pages)]
    seven.client.delete_task("job", "t1")
    assert first + [task.id for page in pages for task in page] == [f"t{n}" for n in range(7)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("id eq 'T3'", ["t3"]),
        ("id eq 'nobody'", []),
        ("startswith(id, 'T')", [f"t{n}" for n in range(7)]),
        ("startswith(id, 't5') and state eq 'active'", ["t5"]),
        ("state eq 'completed'", ["t2"]),
        ("state eq 'active' and id gt 't4'", ["t5", "t6"]),
        ("executionInfo/result eq 'failure'", ["t2"]),
        ("stateTransitionTime ge DateTime'2026-03-04T10:00:01Z'", ["t2"]),
        ("state eq 'nonsense'", []),
    ],
)
def test_filters_on_tasks(seven: Bench, text: str, found: list[str]) -> None:
    """The filters that pollers use, served by indexes where there are any."""
    seven.advance(seconds=5)
    seven.client.terminate_task("job", "t2")
    assert ids(seven, filter=text) == found


def test_selection_leaves_the_rest_out(seven: Bench) -> None:
    """Selected properties are returned; others read as None."""
    # What was not asked for is None, whatever the SDK's annotations say.
    task: Any = next(iter(seven.client.list_tasks("job", select=["id", "state"])))
    assert (task.id, task.state, task.command_line) == ("t0", "active", None)
    one: Any = seven.client.get_task("job", "t0", select=["executionInfo"])
    assert (one.id, one.execution_info.retry_count) == (None, 0)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        pytest.param({"filter": "colour eq 'x'"}, "InvalidQueryParameterValue", id="unknown-property"),
        pytest.param({"select": ["id", "colour"]}, "InvalidQueryParameterValue", id="unknown-selection"),
        pytest.param({"expand": ["all"]}, "InvalidQueryParameterValue", id="unknown-expansion"),
        pytest.param({"max_results": 1001}, "OutOfRangeQueryParameterValue", id="page-too-long"),
        pytest.param({"params": {"$top": "1"}}, "UnsupportedQueryParameter", id="unknown-option"),
        pytest.param({"params": {"$skiptoken": "!"}}, "InvalidQueryParameterValue", id="foreign-token"),
    ],
)
def test_bad_questions_are_refused(
    seven: Bench, refusal: Callable[..., Any], options: dict[str, Any], code: str
) -> None:
    """An invalid query gives 400 and the reason."""
    error = refusal(lambda: ids(seven, **options), status=400, code=code)
    assert {entry["key"] for entry in error.model["values"]} >= {"QueryParameterName"}


def test_filter_error_carries_a_caret(seven: Bench, refusal: Callable[..., Any]) -> None:
    """The reason of a filter error shows the text with a caret below."""
    error = refusal(
        lambda: ids(seven, filter="state is 'active'"), status=400, code="InvalidQueryParameterValue"
    )
    reason = {entry["key"]: entry["value"] for entry in error.model["values"]}["Reason"]
    assert reason.splitlines()[1:] == ["state is 'active'", "      ^"]


def test_jobs_and_pools_are_listed_alike(bench: Bench) -> None:
    """Filters and pages work for jobs and pools too."""
    for name in ("a1", "a2", "b1"):
        bench.pool(name, nodes=None)
        bench.job(name, pool=name)
    bench.terminate("a2", "x").wait(120)
    jobs = bench.client.list_jobs(filter="startswith(id,'a') and state eq 'active'")
    assert [job.id for job in jobs] == ["a1"]
    pools = bench.client.list_pools(max_results=2, filter="enableAutoScale eq false").by_page()
    assert [[pool.id for pool in page] for page in pools] == [["a1", "a2"], ["b1"]]


@pytest.mark.parametrize(
    "token", ["", "aaa", "LTE=", "LTE=,", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk=", "ü", "MQ==MQ=="]
)
def test_odd_tokens_of_pages_are_refused(bench_of: Callable[..., Bench], token: str) -> None:
    """A $skiptoken that the service did not issue gives 400; an empty one is ignored."""
    bench = bench_of(allow_bearer=True)
    bench.job()
    client = httpx.Client(
        base_url=bench.emulator.endpoint, headers={"Authorization": "Bearer x"}, trust_env=False
    )
    with client:
        for path in ("/jobs", "/pools", "/jobs/job/tasks", "/jobschedules", "/supportedimages"):
            query = {"api-version": "1", "$skiptoken": token}
            answer = client.get(path, params=query, timeout=60)
            assert answer.status_code in ({200} if not token else {400, 200}), answer.text


@pytest.mark.parametrize("size", ["0", "-1", "1001", "²", "٣", "9" * 5000, "1.5", "x"])
def test_odd_sizes_of_pages_are_refused(bench_of: Callable[..., Bench], size: str) -> None:
    """A maxresults that is not a number from 1 to 1000 gives 400."""
    bench = bench_of(allow_bearer=True)
    answer = httpx.get(
        f"{bench.emulator.endpoint}/jobs",
        params={"api-version": "1", "maxresults": size},
        headers={"Authorization": "Bearer x"},
        trust_env=False,
        timeout=60,
    )
    assert answer.status_code == 400
