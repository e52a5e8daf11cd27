"""Building a Batch task."""

from __future__ import annotations

import shlex

from scoring_contract import layout
from scoring_contract.messages.invocation import PROGRAM, ScoreInvocation
from sensor_scoring.azure_batch.task import BatchTaskTemplate, Grants, Names
from sensor_scoring.hourly.task import MANIFEST_BLOB, REPORT_BLOB, commit_marker, score_task
from sensor_scoring.settings import Settings

NAMES = Names(item="1_4", job="scoring-20180829T02-b047316e0f-g2", task="1_4-0c79023f43-e2-a0")
RUN = "scoring-20180829T02-b047316e0f"


def test_placeholders_give_the_names_of_the_contract() -> None:
    """Templates of the product and paths of the contract give the same names."""
    assert NAMES.fill(MANIFEST_BLOB) == layout.manifest_blob(RUN, "1_4")
    assert NAMES.fill(REPORT_BLOB) == layout.report_blob(RUN, NAMES.job, NAMES.task)
    template = BatchTaskTemplate(command=["true"])
    assert NAMES.fill(template.log_folder) == layout.log_folder(RUN, NAMES.job, NAMES.task)


def test_the_scorers_command_is_one_that_the_scorer_reads() -> None:
    """The scorer can parse the command that we build."""
    template = BatchTaskTemplate(command=score_task(Settings())["command"])
    words = shlex.split(template.request(NAMES, Grants())["commandLine"])
    invocation = ScoreInvocation.from_argv(words[len(PROGRAM) :])
    assert invocation.manifest == layout.manifest_blob(RUN, "1_4")


def test_a_command_survives_the_split_on_the_node() -> None:
    """Words with spaces or quotes stay words on the node; other braces stay as they are."""
    template = BatchTaskTemplate(command=["sh", "-c", "echo '{item}' ${HOME}"])
    body = template.request(NAMES, Grants())
    assert shlex.split(body["commandLine"]) == ["sh", "-c", "echo '1_4' ${HOME}"]


def test_secrets_are_in_the_environment_and_nowhere_else() -> None:
    """A signature must not appear in a command line, a folder name or a log."""
    grants = Grants({"SCORING_DATA_URL": "http://host/data?sig=SECRET"}, "http://host/logs?sig=SECRET")
    body = BatchTaskTemplate(command=["true"], environment={"A": "{task}"}).request(NAMES, grants)
    assert body["environmentSettings"] == [
        {"name": "A", "value": NAMES.task},
        {"name": "SCORING_DATA_URL", "value": "http://host/data?sig=SECRET"},
    ]
    assert "SECRET" not in repr(grants)
    assert "SECRET" not in body["commandLine"]


def test_retries_belong_to_airflow_and_time_to_the_service() -> None:
    """The service never restarts a task by itself, and ends one that hangs."""
    constraints = BatchTaskTemplate(command=["true"]).request(NAMES, Grants())["constraints"]
    assert constraints["maxTaskRetryCount"] == 0
    assert constraints["maxWallClockTime"] == "PT900S"


def test_a_node_with_an_identity_gets_no_signature() -> None:
    """Registry, log upload and containers use the identity instead."""
    identity = "/subscriptions/s/identities/scorer"
    grants = Grants({}, "https://account.blob.core.windows.net/logs", identity)
    template = BatchTaskTemplate(command=["true"], image="r.azurecr.io/s:1", registry_server="r.azurecr.io")
    body = template.request(NAMES, grants)
    reference = {"resourceId": identity}
    assert body["containerSettings"]["registry"]["identityReference"] == reference
    assert body["outputFiles"][0]["destination"]["container"]["identityReference"] == reference


def test_success_needs_the_report() -> None:
    """The operator knows which blob is the commit marker, and which exit codes are final."""
    mark = commit_marker(Settings())
    assert mark["commit_blob"] == REPORT_BLOB
    assert mark["permanent_exit_codes"] == [2, 3, 4]
