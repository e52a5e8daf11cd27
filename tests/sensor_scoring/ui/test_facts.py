"""Facts on a page about a Batch task, from the service's response."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring_contract.messages.invocation import ExitCode
from sensor_scoring.ui.facts import badge_of, duration, facts_of, is_scoring
from sensor_scoring.ui.markup import Tone

NOW = datetime(2018, 8, 29, 3, 10, tzinfo=UTC)
SCORER = "python -m scorer score --manifest run/manifests/1_4.json"


def a_task(execution: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Build a completed Batch task as the service returns it."""
    return {
        "id": "1_4-0123456789-e2-a0",
        "displayName": "1_4",
        "state": "completed",
        "creationTime": "2018-08-29T03:05:00.1234567Z",
        "commandLine": "true",
        "executionInfo": {
            "startTime": "2018-08-29T03:06:00Z",
            "endTime": "2018-08-29T03:07:23.5Z",
            "exitCode": 0,
            "result": "success",
            "requeueCount": 0,
            "retryCount": 0,
            **(execution or {}),
        },
        "nodeInfo": {"poolId": "pool", "nodeId": "tvm-1"},
        **changes,
    }


def facts(task: dict[str, Any]) -> dict[str, str]:
    """Return a task's known facts."""
    return {name: value for name, value in facts_of(task, now=NOW) if value}


def test_a_success_says_when_where_and_for_how_long() -> None:
    """Times are in UTC without fractions; durations are what people compare."""
    assert facts(a_task()) == {
        "State": "completed",
        "Result": "success",
        "Exit code": "0",
        "Created": "2018-08-29 03:05:00 UTC",
        "Waited": "59.9 s",
        "Started": "2018-08-29 03:06:00 UTC",
        "Ended": "2018-08-29 03:07:23 UTC",
        "Ran": "1 min 23 s",
        "Node": "tvm-1 in pool pool",
        "Command line": "true",
    }


def test_a_task_that_waits_says_for_how_long() -> None:
    """It has no node, start or result yet."""
    waiting = a_task(state="active", executionInfo={"requeueCount": 0}, nodeInfo=None)
    assert facts(waiting)["Waited"] == "4 min 59 s"
    assert {"Result", "Started", "Ran", "Node"}.isdisjoint(facts(waiting))
    assert badge_of(waiting) == ("active", Tone.PLAIN)


def test_a_task_that_was_ended_before_it_ran_did_not_run() -> None:
    """Its wait ended with it."""
    ended = a_task({"startTime": None, "exitCode": None, "result": "failure"})
    assert facts(ended)["Waited"] == "2 min 23 s"
    assert "Ran" not in facts(ended)
    assert badge_of(ended) == ("failed", Tone.BAD)


@pytest.mark.parametrize(
    ("command", "exit_code", "meaning"),
    [
        pytest.param(SCORER, 3, "3: a model that cannot be used", id="the-scorers-code"),
        pytest.param("true", 3, "3", id="a-code-of-somebody-elses-program"),
        pytest.param(SCORER, 137, "137: the process was killed by SIGKILL", id="signal"),
        pytest.param(SCORER, 99, "99", id="unknown-code"),
    ],
)
def test_an_exit_code_comes_with_its_meaning(command, exit_code, meaning) -> None:
    """Codes are the scorer's own; signals mean the same for every program."""
    failed = a_task({"exitCode": exit_code, "result": "failure"}, commandLine=command)
    assert facts(failed)["Exit code"] == meaning
    assert facts(failed)["Why"].startswith("its process ")


@pytest.mark.parametrize("code", list(ExitCode), ids=str)
def test_every_exit_code_of_the_scorer_has_a_meaning(code) -> None:
    """A new code would otherwise be shown as a bare number."""
    assert facts(a_task({"exitCode": int(code)}, commandLine=SCORER))["Exit code"].startswith(f"{code}: ")


def test_a_failure_is_shown_in_the_services_words() -> None:
    """People search the documentation for code, category, message and details."""
    failure = {
        "code": "ContainerInvalidImage",
        "category": "usererror",
        "message": "The image is not valid",
        "details": [{"name": "Message", "value": "no such image"}],
    }
    failed = a_task({"exitCode": None, "result": "failure", "failureInfo": failure})
    assert facts(failed)["Failure"] == (
        "ContainerInvalidImage (usererror)\nThe image is not valid\nMessage: no such image"
    )


def test_requeues_and_retries_are_counted_when_there_are_any() -> None:
    """The service itself requeues a task that lost its node."""
    again = a_task({"requeueCount": 2, "lastRequeueTime": "2018-08-29T03:06:30Z", "retryCount": 1})
    assert facts(again)["Requeued"] == "2, last at 2018-08-29 03:06:30 UTC"
    assert facts(again)["Retried by Batch"] == "1"


def test_signatures_are_left_out_of_what_is_shown() -> None:
    """A failed download quotes its URL, and a command line may contain one against the rules."""
    signed = "https://a.blob.core.windows.net/models/m.json?sv=2021&sig=SECRET%3D&se=2018"
    failure = {"code": "BlobDownloadMiscError", "details": [{"name": "BlobSource", "value": signed}]}
    task = a_task({"failureInfo": failure}, commandLine=f"curl '{signed}' https://example.com/?page=1")
    shown = facts(task)
    assert "SECRET" not in "".join(shown.values())
    assert shown["Command line"] == (
        "curl 'https://a.blob.core.windows.net/models/m.json?(signature left out)' https://example.com/?page=1"
    )


def test_environment_settings_are_not_read() -> None:
    """They contain signatures, so a response with them reveals none."""
    task = a_task(environmentSettings=[{"name": "DATA_URL", "value": "SECRET"}], outputFiles=["SECRET"])
    assert "SECRET" not in str(facts(task))


def test_an_answer_that_says_little_is_shown_as_far_as_it_goes() -> None:
    """The service may omit parts and use unknown values."""
    assert facts({"id": "t", "state": "Dreaming"}) == {"State": "dreaming"}
    assert badge_of({"id": "t"}) == ("unknown", Tone.PLAIN)
    assert not is_scoring({"id": "t"})


@pytest.mark.parametrize(
    ("span", "text"),
    [
        pytest.param(timedelta(seconds=3.21), "3.2 s", id="seconds"),
        pytest.param(timedelta(seconds=61), "1 min 1 s", id="minutes"),
        pytest.param(timedelta(hours=25, minutes=2, seconds=9), "25 h 2 min", id="hours"),
        pytest.param(timedelta(seconds=-2), "0.0 s", id="clocks-apart"),
    ],
)
def test_a_span_has_its_two_largest_units(span, text) -> None:
    """Nobody reads more."""
    assert duration(span) == text
