"""A cure of a pool. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """Cures, the mildest first."""

    FORMULA = "formula"
    """The pool gets its formula again, which evaluates it at once."""
    REBOOT = "reboot"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Cure:
    """Something to be done about a pool.

    :param reason: in a few words
    :param node: the node that it is done to; empty for the pool
    """

    action: Action
    reason: str
    node: str = ""
