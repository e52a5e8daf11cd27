"""Errors of the scorer, one class per cause that the orchestrator acts on.

::

    ScorerError
      + OrderFault         the command line, the environment or the manifest asks for something impossible
      + ModelFault         a model is missing, altered, not of a trusted form, or not faithful to scikit-learn
      + DataFault          there are readings, and none of them can be used
      + StorageFault       Blob Storage refused or did not answer
          + BlobMissing    it answered: there is no such blob
          + BlobConflict   it answered: somebody else has written the blob since it was read
"""

from __future__ import annotations

from typing import ClassVar

from scoring_contract.report import Cause


class ScorerError(Exception):
    """Something went wrong that one sentence explains; the text never holds a secret."""

    cause: ClassVar[Cause] = Cause.UNEXPECTED


class OrderFault(ScorerError):
    """Whoever called must call differently; the same call will fail again."""

    cause = Cause.ORDER


class ModelFault(ScorerError):
    """A model that must not be used, or not be published."""

    cause = Cause.MODEL


class DataFault(ScorerError):
    """Readings that cannot be used."""

    cause = Cause.DATA


class StorageFault(ScorerError):
    """Blob Storage refused or did not answer; another try may succeed.

    :param blob: the blob with its container's role, for example ``data/readings/2018/08/29/02/1_4/a.csv``
    :param problem: what happened, for people
    """

    cause = Cause.STORAGE

    def __init__(self, blob: str, problem: str) -> None:
        super().__init__(f"{blob}: {problem}")
        self.blob = blob
        self.problem = problem

    def __reduce__(self) -> tuple[type[StorageFault], tuple[str, str]]:
        """Pickle by facts: the sentence is made again from them."""
        return type(self), (self.blob, self.problem)


class BlobMissing(StorageFault):
    """There is no such blob; the container itself is there."""


class BlobConflict(StorageFault):
    """A conditional write lost: the blob is not the one that was read."""
