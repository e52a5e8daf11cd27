"""What came of a formula's last evaluation, read from the service's text."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sensor_scoring.azure_batch.pool.autoscale import AutoscalePolicy
from sensor_scoring.azure_batch.pool.evaluation import Evaluation, values_of

if TYPE_CHECKING:
    from tests.sensor_scoring.conftest import Account


def test_results_become_names_and_numbers() -> None:
    """What is no number stays a text."""
    text = (
        "$TargetDedicatedNodes=2;$NodeDeallocationOption=taskcompletion;mean=0.25;until=1970-01-01T00:00:00Z;"
    )
    assert values_of(text) == {
        "$TargetDedicatedNodes": 2,
        "$NodeDeallocationOption": "taskcompletion",
        "mean": 0.25,
        "until": "1970-01-01T00:00:00Z",
    }


@pytest.mark.parametrize("text", ["", ";;", "nothing"])
def test_no_results_are_no_names(text: str) -> None:
    """A text that names nothing says nothing."""
    assert values_of(text) == {}


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity"])
def test_every_value_can_be_written_as_json(text: str) -> None:
    """A formula may divide by zero."""
    json.dumps(values_of(f"x={text}"), allow_nan=False)


def test_the_last_evaluation_of_a_real_pool_is_read(account: Account) -> None:
    """With its time; a pool that was never evaluated has none."""
    formula = AutoscalePolicy(max_nodes=4, slots_per_node=4).formula()
    account.pool(
        targetDedicatedNodes=None,
        enableAutoScale=True,
        autoScaleFormula=formula,
        autoScaleEvaluationInterval="PT5M",
    )
    account.advance(minutes=5)
    found = Evaluation.of(account.client.get_pool("pool"))
    assert found is not None
    assert found.results["$TargetDedicatedNodes"] == 0
    assert found.results["$NodeDeallocationOption"] == "taskcompletion"
    assert found.results["cap"] == 4
    assert found.at is not None
    assert found.at > datetime(2000, 1, 1, tzinfo=UTC)
    assert found.error == ""
    assert Evaluation.of({}) is None


def test_an_evaluation_that_failed_says_why(account: Account) -> None:
    """In the service's words, without results."""
    formula = AutoscalePolicy(max_nodes=4, slots_per_node=4).formula()
    account.pool(
        targetDedicatedNodes=None,
        enableAutoScale=True,
        autoScaleFormula=formula,
        autoScaleEvaluationInterval="PT5M",
    )
    account.emulator.faults.fail_evaluations("pool", code="InsufficientSampleData")
    account.advance(minutes=5)
    found = Evaluation.of(account.client.get_pool("pool"))
    assert found is not None
    assert found.results == {}
    assert found.error.startswith("InsufficientSampleData: ")
