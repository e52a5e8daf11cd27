"""What people are told about a pool."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sensor_scoring.azure_batch.pool.autoscale import AutoscalePolicy, Floor
from sensor_scoring.azure_batch.pool.health import emptiness_of, troubles_of

POOL = {"id": "p", "state": "active"}
NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
HELD = AutoscalePolicy(max_nodes=3, slots_per_node=4).formula(Floor(2, NOW + timedelta(minutes=5)))


def test_a_healthy_pool_is_no_news() -> None:
    """Nodes that boot, work or wait are normal."""
    assert troubles_of(POOL, [{"id": "n", "state": state} for state in ("idle", "running", "starting")]) == []


@pytest.mark.behaviour("pool-trouble")
@pytest.mark.parametrize(
    ("pool", "nodes", "words"),
    [
        pytest.param(
            {"resizeErrors": [{"code": "AccountCoreQuotaReached", "message": "no more cores"}]},
            [],
            ["AccountCoreQuotaReached", "no more cores", "ask for more cores"],
            id="quota",
        ),
        pytest.param(
            {
                "autoScaleRun": {
                    "error": {
                        "code": "InsufficientSampleData",
                        "values": [{"name": "Message", "value": "Line 1, Col 37: wanted 70%"}],
                    }
                }
            },
            [],
            ["InsufficientSampleData", "Line 1, Col 37", "keeps its size"],
            id="formula",
        ),
        pytest.param(
            {},
            [{"id": "n1", "state": "Unusable", "errors": [{"code": "DiskFull", "message": "no space"}]}],
            ["node n1", "DiskFull: no space", "remove it"],
            id="unusable-node",
        ),
        pytest.param(
            {},
            [{"id": "n1", "state": "starttaskfailed"}],
            ["node n1", "start task's stderr"],
            id="start-task",
        ),
        pytest.param(
            {"resizeErrors": [{"code": "SomethingNew"}]}, [], ["SomethingNew", "portal"], id="unknown-code"
        ),
    ],
)
def test_trouble_is_named_with_what_to_do(pool, nodes, words) -> None:
    """One sentence per problem: the service's words and our advice."""
    (sentence,) = troubles_of({**POOL, **pool}, nodes)
    assert all(word in sentence for word in words)


@pytest.mark.behaviour("pool-trouble")
@pytest.mark.parametrize(
    ("state", "minutes", "formula", "words"),
    [
        pytest.param("starting", 31, "", "starting for 31 minutes; remove it", id="stuck"),
        pytest.param("waitingforstarttask", 45, "", "waitingforstarttask for 45", id="stuck-start-task"),
        pytest.param("idle", 61, "", "idle for 61 minutes and nothing holds it", id="idle"),
        pytest.param("starting", 29, "", "", id="still-boots"),
        pytest.param("idle", 59, "", "", id="just-idle"),
        pytest.param("idle", 61, HELD, "", id="idle-but-announced"),
        pytest.param("running", 600, "", "", id="works-for-long"),
    ],
)
def test_nodes_that_do_nothing_for_long_are_named(state, minutes, formula, words) -> None:
    """Booting for over half an hour means stuck; idling for an hour means it should be gone."""
    pool = {**POOL, "enableAutoScale": True, "autoScaleFormula": formula}
    since = (NOW - timedelta(minutes=minutes)).isoformat()
    found = troubles_of(pool, [{"id": "n", "state": state, "stateTransitionTime": since}], now=NOW)
    assert words in "".join(found)
    assert bool(found) is bool(words)


@pytest.mark.behaviour("pool-trouble")
@pytest.mark.parametrize(
    ("pool", "states", "words"),
    [
        pytest.param({"targetDedicatedNodes": 2}, ["idle", "starting"], [], id="one-can-work"),
        pytest.param({"targetDedicatedNodes": 3}, [], ["3 are being started"], id="they-are-ordered"),
        pytest.param({"targetDedicatedNodes": 3}, ["creating"], ["1 are being started"], id="they-boot"),
        pytest.param(
            {"enableAutoScale": True, "autoScaleEvaluationInterval": "PT5M"},
            [],
            ["asks for none", "every PT5M"],
            id="at-zero",
        ),
        pytest.param({}, [], ["fixed size of 0", "resize it"], id="fixed-at-zero"),
    ],
)
def test_a_pool_without_nodes_says_when_they_come(pool, states, words) -> None:
    """People who wait for the first node learn whether it is on its way."""
    sentence = "".join(emptiness_of({**POOL, **pool}, [{"id": "n", "state": state} for state in states]))
    assert bool(sentence) == bool(words)
    assert all(word in sentence for word in words)
