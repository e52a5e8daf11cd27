"""What a look at a pool shows, for the alert history. Pure.

A trouble ends with evidence: a pool without nodes shows nothing about nodes that could not work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract.hour import RunHour
from sensor_scoring.alerts.conditions import Condition, Kind, Observation
from sensor_scoring.azure_batch.pool.evaluation import Evaluation
from sensor_scoring.azure_batch.pool.health import (
    BOOTING_NODE_STATES,
    BROKEN_NODE_STATES,
    TroubleKind,
    state_of,
    target_of,
)
from sensor_scoring.pool_watch.stuck import allocation_state
from sensor_scoring.setting_fields import variable_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sensor_scoring.alerts.conditions import Place
    from sensor_scoring.azure_batch.onlooker import PoolSight
    from sensor_scoring.azure_batch.pool.health import PoolTrouble

_LIMIT = "no more cures today"


def observation_of_pool(
    sight: PoolSight, troubles: Sequence[PoolTrouble], *, cures: Iterable[str], limit: int
) -> Observation:
    """Return what a look at the pool shows.

    :param cures: what was done about it, a sentence each
    :param limit: cures of the last day, if there may be no more of them; else 0
    """
    pool_id = str(sight.pool["id"])
    conditions = {found.place: found for found in _conditions(pool_id, troubles)}
    if limit:
        said = (
            f"pool {pool_id}: something is stuck after {limit} cures in 24 hours, and "
            f"{variable_of('pool_cures_a_day')} allows no more; it needs a person"
        )
        conditions[Kind.STUCK, _name(pool_id, _LIMIT)] = Condition(Kind.STUCK, _name(pool_id, _LIMIT), said)

    def is_over(place: Place) -> bool:
        kind, name = place
        if kind is not Kind.STUCK or not name.startswith(_name(pool_id, "")):
            return False
        return _is_over(name.removeprefix(_name(pool_id, "")).partition(" (")[0], sight)

    return Observation(
        hour=RunHour.containing(sight.now),
        conditions=tuple(conditions.values()),
        is_over=is_over,
        is_gone=lambda _place: False,
        cures=tuple(cures),
        is_complete=False,
    )


def _name(pool_id: str, rest: str) -> str:
    return f"{pool_id}: {rest}"


def _conditions(pool_id: str, troubles: Iterable[PoolTrouble]) -> Iterator[Condition]:
    """Make one condition of all nodes that have the same trouble."""
    alike: dict[str, list[str]] = {}
    for trouble in troubles:
        what = f"{trouble.kind} ({trouble.code})" if trouble.code else str(trouble.kind)
        alike.setdefault(what, []).append(trouble.sentence)
    for what, sentences in alike.items():
        more = f" (and {len(sentences) - 1} more)" if len(sentences) > 1 else ""
        yield Condition(Kind.STUCK, _name(pool_id, what), f"{sentences[0]}{more}")


def _is_over(what: str, sight: PoolSight) -> bool:
    """Tell whether a look that does not show a trouble shows its end."""
    states = {state_of(node) for node in sight.nodes}
    if what == TroubleKind.FORMULA:
        evaluation = Evaluation.of(sight.pool)
        return evaluation is not None and not evaluation.error
    if what == TroubleKind.ALLOCATION:
        return allocation_state(sight) == "steady" and 0 < target_of(sight.pool) <= len(sight.nodes)
    if what in {TroubleKind.BROKEN, TroubleKind.BOOTING}:
        is_up = bool(states & {"idle", "running"})
        return is_up and not states & (BOOTING_NODE_STATES | BROKEN_NODE_STATES.keys())
    if what == TroubleKind.RESIZING:
        return allocation_state(sight) == "steady"
    return True
