"""What was done about a pool lately, which bounds what is done next. Pure; ``ledger_store.py`` keeps it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from scoring_contract import json_message
from scoring_contract.errors import MessageError
from sensor_scoring.pool_watch.cure import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scoring_contract.json_message import Node
    from sensor_scoring.pool_watch.cure import Cure

_KEPT = timedelta(days=2)
_UNKNOWN = "The look ended before it was known whether this was done"
_WORDS = {
    Action.FORMULA: "the formula is being set again",
    Action.REBOOT: "node {node} is being rebooted",
    Action.REMOVE: "node {node} is being removed",
}


@dataclass(frozen=True, slots=True)
class CureDone:
    """A cure that was begun.

    :param at: by the service's clock
    :param by: the look that began it
    :param node: the node that it was done to; empty for the pool
    :param what: what was done and why, in a few words
    :param outcome: what came of it, a sentence; empty if it was done
    :param is_told: whether people know of it
    """

    at: datetime
    by: str
    action: Action
    node: str
    what: str
    outcome: str = _UNKNOWN
    is_told: bool = False

    @classmethod
    def begun(cls, cure: Cure, *, at: datetime, by: str) -> Self:
        """Note a cure before it is done: a look that dies then has used up its part of the bounds."""
        words = _WORDS[cure.action].format(node=cure.node)
        return cls(at, by, cure.action, cure.node, f"{words}: {cure.reason}")

    def ended(self, failure: str) -> Self:
        """Return it with what came of it.

        :param failure: why it came to nothing; empty if it was done
        """
        return replace(self, outcome=f"This failed: {failure}" if failure else "")

    @property
    def sentence(self) -> str:
        """What people are told of it."""
        return f"{self.what}. {self.outcome}" if self.outcome else self.what


@dataclass(frozen=True, slots=True)
class Ledger:
    """Cures of a pool, the oldest first."""

    cures: tuple[CureDone, ...] = ()

    def count(self, *, since: datetime) -> int:
        """Return how many there were."""
        return sum(cure.at > since for cure in self.cures)

    def last(self, action: Action, node: str, *, since: datetime) -> datetime | None:
        """Return when something was last done to a node, or to the pool; None if it was not."""
        times = [cure.at for cure in self.cures if (cure.action, cure.node) == (action, node)]
        return max((at for at in times if at > since), default=None)

    def extended(self, cures: Iterable[Cure], *, at: datetime, by: str) -> Self:
        """Return it with cures that begin now, and without those that no bound asks for any more."""
        kept = [cure for cure in self.cures if cure.at > at - _KEPT]
        return replace(self, cures=(*kept, *(CureDone.begun(cure, at=at, by=by) for cure in cures)))

    def replaced(self, known: Iterable[tuple[CureDone, CureDone]]) -> Self:
        """Return it with cures of which more is known now."""
        after = dict(known)
        return replace(self, cures=tuple(after.get(cure, cure) for cure in self.cures))

    def to_json(self) -> str:
        """Return its text."""
        return json_message.render({"cures": [_written(cure) for cure in self.cures]})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read it.

        :raises MessageError: if it cannot be read
        """
        return cls(tuple(map(_read, json_message.parse("cures of a pool", text)["cures"].elements())))


def _written(cure: CureDone) -> dict[str, Any]:
    return {
        "at": cure.at.isoformat(),
        "by": cure.by,
        "action": cure.action.value,
        "node": cure.node,
        "what": cure.what,
        "outcome": cure.outcome,
        "told": cure.is_told,
    }


def _read(node: Node) -> CureDone:
    try:
        at, action = datetime.fromisoformat(node["at"].text()), Action(node["action"].text())
    except MessageError:
        raise
    except ValueError as error:
        raise node.wrong(f"is no cure: {error}") from error
    if at.tzinfo is None:
        raise node["at"].wrong("has no time zone")
    return CureDone(
        at=at,
        by=node["by"].text(),
        action=action,
        node=str(node["node"].value or ""),
        what=node["what"].text(),
        outcome=str(node["outcome"].value or ""),
        is_told=node["told"].value is True,
    )
