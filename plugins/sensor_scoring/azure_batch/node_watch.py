"""Nodes that have been in one state for too long: they cost money and do nothing. Values only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sensor_scoring.azure_batch.autoscale import Floor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

BOOTS_FOR = timedelta(minutes=30)
"""A node that boots for longer is stuck: four minutes are usual, with a large image ten."""
IDLES_FOR = timedelta(minutes=60)
"""A node that idles for longer should have been given back: evaluations come every five minutes."""
_MINUTE = timedelta(minutes=1)
_BOOTING = frozenset({"creating", "starting", "waitingforstarttask", "rebooting", "reimaging"})


def overdue(pool: Mapping[str, Any], nodes: Iterable[Mapping[str, Any]], *, now: datetime) -> Iterator[str]:
    """Name the nodes that are stuck while they boot, and those that idle though nothing holds them.

    :param pool: the pool as the service describes it
    :param nodes: its nodes with ``state`` and ``stateTransitionTime``
    :param now: by the service's clock
    """
    held = Floor.of_formula(str(pool.get("autoScaleFormula") or ""), now=now)
    for node in nodes:
        state, since = str(node.get("state") or "").lower(), _moment(node.get("stateTransitionTime"))
        lasts = now - since if since else timedelta()
        which = f"pool {pool['id']}: node {node['id']} is {state} for {lasts // _MINUTE} minutes"
        if state in _BOOTING and lasts > BOOTS_FOR:
            yield f"{which}; remove it, the pool gets another in its place"
        elif state == "idle" and lasts > IDLES_FOR and pool.get("enableAutoScale") and held is None:
            yield f"{which} and nothing holds it; see the formula's last evaluation, or remove it"


def _moment(value: Any) -> datetime | None:
    if not value:
        return None
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
