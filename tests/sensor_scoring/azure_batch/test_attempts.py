"""The operator's decision table: adopt, attach, judge or create."""

from __future__ import annotations

import pytest

from sensor_scoring.azure_batch.attempts import Move, decide, superseded
from sensor_scoring.azure_batch.task_state import BatchTaskOutcome

KEY = "1_4-0c79023f43"


def a_task(name: str, state: str = "completed", result: str = "failure") -> BatchTaskOutcome:
    """Return a Batch task as a listing shows it."""
    return BatchTaskOutcome(
        batch_task_id=f"{KEY}-{name}", state=state, result=result if state == "completed" else ""
    )


@pytest.mark.parametrize(
    ("found", "reported", "move", "task"),
    [
        pytest.param([], [], Move.CREATE, "e2-a0", id="nothing-yet"),
        pytest.param([a_task("e2-a0", "active")], [], Move.ATTACH, "e2-a0", id="queued"),
        pytest.param([a_task("e2-a0", "preparing")], [], Move.ATTACH, "e2-a0", id="preparing"),
        pytest.param([a_task("e2-a0", "running")], [], Move.ATTACH, "e2-a0", id="running"),
        pytest.param([a_task("e2-a0", result="success")], [], Move.JUDGE, "e2-a0", id="succeeded-unseen"),
        pytest.param([a_task("e2-a0")], [], Move.JUDGE, "e2-a0", id="failed-unseen"),
        pytest.param([a_task("e2-a0")], ["e2-a0"], Move.CREATE, "e2-a1", id="failed-and-said-so"),
        pytest.param(
            [a_task("e2-a0"), a_task("e2-a1", "running")], ["e2-a0"], Move.ATTACH, "e2-a1", id="second-runs"
        ),
        pytest.param([a_task("e2-a1"), a_task("e2-a0")], ["e2-a0"], Move.JUDGE, "e2-a1", id="newest-counts"),
        pytest.param(
            [a_task("e2-a9"), a_task("e2-a10")], ["e2-a10"], Move.CREATE, "e2-a11", id="numbers-not-texts"
        ),
        pytest.param(
            [a_task("e1-a0", result="success")], [], Move.CREATE, "e2-a0", id="success-before-the-clear"
        ),
        pytest.param([a_task("e1-a0", "running")], [], Move.CREATE, "e2-a0", id="runs-from-before-the-clear"),
        pytest.param([a_task("e2-a0", "rebooting")], [], Move.ATTACH, "e2-a0", id="state-of-tomorrow"),
    ],
)
def test_the_next_step_follows_from_what_the_job_holds(found, reported, move, task) -> None:
    """A retry adopts what the previous try left; a clear ignores everything before it."""
    decision = decide(found, key=KEY, epoch=2, reported=[f"{KEY}-{name}" for name in reported])
    assert (decision.move, decision.batch_task_id) == (move, f"{KEY}-{task}")


def test_a_clear_ends_what_it_replaces_and_nothing_else() -> None:
    """Running tasks of other epochs would score the sensor twice; siblings and ended tasks stay."""
    found = [
        a_task("e1-a0", "running"),
        a_task("e1-a1", "active"),
        a_task("e0-a0"),
        a_task("e2-a0", "running"),
        BatchTaskOutcome(batch_task_id="1_40-0123456789-e1-a0", state="running"),
        BatchTaskOutcome(batch_task_id=f"{KEY}-by-hand", state="running"),
    ]
    assert superseded(found, key=KEY, epoch=2) == [f"{KEY}-e1-a0", f"{KEY}-e1-a1"]
