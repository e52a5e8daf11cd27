"""Questions to a service that may stay without an answer: what is unknown then, and why, is an answer too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from airflow.sdk.exceptions import AirflowNotFoundException

from scoring_contract.errors import ContractError
from sensor_scoring.errors import (
    BatchAccessRefused,
    BatchUnreachable,
    ScoringError,
    StorageAccessRefused,
    StorageUnreachable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_Answer = TypeVar("_Answer")
_SILENT = (
    BatchAccessRefused,
    BatchUnreachable,
    StorageAccessRefused,
    StorageUnreachable,
    AirflowNotFoundException,  # Airflow has no such connection
)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A part that is not known now."""

    part: str
    why: str


@dataclass(slots=True)
class Questions:
    """Questions to one service; when it is silent once, it is not asked again."""

    unknown: list[Unknown] = field(default_factory=list)
    _why: str = ""

    def ask(self, part: str, question: Callable[[], _Answer]) -> _Answer | None:
        """Return the answer; None if there is none, which is noted.

        :param part: what is asked for, in a person's words
        """
        if not self._why:
            try:
                return question()
            except _SILENT as error:
                self._why = str(error)
            except (ScoringError, ContractError) as error:
                self.unknown.append(Unknown(part, str(error)))
                return None
        self.unknown.append(Unknown(part, self._why))
        return None
