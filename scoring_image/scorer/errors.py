"""Errors of the scorer, one class per cause that the orchestrator acts on.

::

    ScorerError
      + OrderFault         the command line, the environment or the manifest asks for something impossible
      + ModelFault         a model is missing, altered, untrusted, or decides unlike scikit-learn
      + DataFault          there are readings, but none of them can be used
      + StorageFault       Blob Storage refused or did not answer
          + BlobMissing    it answered: there is no such blob
          + BlobConflict   it answered: another writer changed the blob after it was read
"""

from __future__ import annotations

from typing import ClassVar

from scoring_contract.messages.report import Cause


class ScorerError(Exception):
    """An expected error that one sentence explains; the text never contains a secret."""

    cause: ClassVar[Cause] = Cause.UNEXPECTED


class OrderFault(ScorerError):
    """The caller asked for something impossible; the same call will fail again."""

    cause = Cause.ORDER


class ModelFault(ScorerError):
    """A model that must not be used or published."""

    cause = Cause.MODEL


class DataFault(ScorerError):
    """Readings that cannot be used."""

    cause = Cause.DATA


class StorageFault(ScorerError):
    """Blob Storage refused or did not answer; another try may succeed.

    :param blob: the blob with its container's role, for example ``data/readings/2018/08/29/02/1_4/a.csv``
    :param problem: what happened, as a clause
    """

    cause = Cause.STORAGE

    def __init__(self, blob: str, problem: str) -> None:
        super().__init__(f"{blob}: {problem}")
        self.blob = blob
        self.problem = problem

    def __reduce__(self) -> tuple[type[StorageFault], tuple[str, str]]:
        """Pickle the facts; the sentence is rebuilt from them."""
        return type(self), (self.blob, self.problem)


class BlobMissing(StorageFault):
    """There is no such blob; the container itself is there."""


class BlobConflict(StorageFault):
    """A conditional write lost: the blob is not the one that was read."""
