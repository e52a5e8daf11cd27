"""Errors carry facts and survive pickling between processes."""

from __future__ import annotations

import pickle

import pytest

from scorer.errors import (
    BlobConflict,
    BlobMissing,
    DataFault,
    ModelFault,
    OrderFault,
    ScorerError,
    StorageFault,
)
from scoring_contract.messages.invocation import ExitCode


@pytest.mark.parametrize("kind", [StorageFault, BlobMissing, BlobConflict])
def test_storage_faults_survive_pickling(kind: type[StorageFault]) -> None:
    """Blob and problem are still separate attributes afterwards."""
    again = pickle.loads(pickle.dumps(kind("data/a.csv", "went away")))  # noqa: S301  # our own bytes
    assert (type(again), again.blob, again.problem) == (kind, "data/a.csv", "went away")
    assert str(again) == "data/a.csv: went away"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ScorerError, ExitCode.UNEXPECTED),
        (OrderFault, ExitCode.ORDER),
        (ModelFault, ExitCode.MODEL),
        (DataFault, ExitCode.DATA),
        (StorageFault, ExitCode.STORAGE),
    ],
)
def test_each_cause_has_an_exit_code_of_its_name(kind: type[ScorerError], code: ExitCode) -> None:
    """The process maps a cause to its exit code by name."""
    assert ExitCode[kind.cause.name] is code
