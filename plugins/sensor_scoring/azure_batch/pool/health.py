"""Pool problems, and what to do about each. Values only.

Callers pass the JSON of pool and nodes as the service sent it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sensor_scoring.azure_batch.pool.autoscale import Floor
from sensor_scoring.service_times import datetime_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

NODE_COLUMNS = ("id", "state", "stateTransitionTime", "errors")
"""Properties of nodes that are looked at; ask for no more."""
_HELP_FOR_RESIZE = {
    "AccountCoreQuotaReached": "ask for more cores or lower max_nodes",
    "AccountSpotCoreQuotaReached": "ask for more Spot cores or lower max_nodes",
    "AccountLowPriorityCoreQuotaReached": "ask for more Spot cores or lower max_nodes",
    "AllocationFailed": "the region has no such machine free now; another VM size may be there",
    "AllocationTimedOut": "the region is slow to give machines; the next evaluation tries again",
}
BOOTING_NODE_STATES = frozenset({"creating", "starting", "waitingforstarttask", "rebooting", "reimaging"})
BROKEN_NODE_STATES = {
    "unusable": "its image may not be pullable or its disk is full; read its errors, then remove it",
    "starttaskfailed": "read the start task's stderr on the node, then reboot it",
    "unknown": "the service lost touch with it; reboot or remove it if that lasts",
    "offline": "scheduling on it was disabled; enable it or remove the node",
}
BOOTS_FOR = timedelta(minutes=30)
"""A node that boots for longer is stuck: four minutes are usual, with a large image ten."""
IDLES_FOR = timedelta(minutes=60)
"""A node that idles for longer should have been given back: evaluations come every five minutes."""
_MINUTE = timedelta(minutes=1)


class TroubleKind(StrEnum):
    """Kinds of pool problems, in the words that people read."""

    FORMULA = "the formula fails"
    ALLOCATION = "nodes cannot be had"
    BROKEN = "nodes that cannot work"
    BOOTING = "nodes that do not start"
    IDLE = "nodes that idle"
    FIXED_SIZE = "autoscale is off"
    RESIZING = "a resize does not end"


@dataclass(frozen=True, slots=True)
class PoolTrouble:
    """Something that keeps a pool from working.

    :param code: what distinguishes troubles of one kind: the service's error code, or the nodes' state
    :param sentence: all that is known, and what to do
    :param node: the node that has it; empty if the pool has
    :param lasts: for how long the node has been in its state
    """

    kind: TroubleKind
    code: str
    sentence: str
    node: str = ""
    lasts: timedelta = timedelta()


def troubles_of(
    pool: Mapping[str, Any], nodes: Collection[Mapping[str, Any]] = (), *, now: datetime | None = None
) -> list[str]:
    """Say what keeps a pool from working, each in one sentence with what to do.

    :param pool: the pool as the service describes it
    :param nodes: its nodes with :data:`NODE_COLUMNS`, likewise
    :param now: by the service's clock; without it nobody is called overdue
    """
    return [trouble.sentence for trouble in pool_troubles(pool, nodes, now=now)]


def pool_troubles(
    pool: Mapping[str, Any], nodes: Collection[Mapping[str, Any]] = (), *, now: datetime | None = None
) -> Iterator[PoolTrouble]:
    """Yield what keeps a pool from working, as :func:`troubles_of` says it: the pool's troubles first."""
    yield from _of_the_pool(pool)
    yield from (_broken(pool["id"], node, now=now) for node in nodes if state_of(node) in BROKEN_NODE_STATES)
    if now is not None:
        yield from _overdue(pool, nodes, now=now)


def _of_the_pool(pool: Mapping[str, Any]) -> Iterator[PoolTrouble]:
    pool_id = pool["id"]
    run_error = (pool.get("autoScaleRun") or {}).get("error")
    if run_error:
        yield PoolTrouble(
            TroubleKind.FORMULA,
            str(run_error.get("code") or ""),
            f"pool {pool_id}: its autoscale formula fails ({autoscale_error(run_error)}), "
            "so it keeps its size; enable autoscale again with a formula that evaluates",
        )
    for error in pool.get("resizeErrors") or ():
        code = str(error.get("code") or "")
        help_text = _HELP_FOR_RESIZE.get(code, "see the pool in the portal")
        yield PoolTrouble(
            TroubleKind.ALLOCATION,
            code,
            f"pool {pool_id}: {code}: {error.get('message') or 'no details'}; {help_text}",
        )


def emptiness_of(pool: Mapping[str, Any], nodes: Collection[Mapping[str, Any]] = ()) -> list[str]:
    """Say why no node of a pool can work yet, which is no trouble in itself; nothing if one can."""
    booting = sum(state_of(node) in BOOTING_NODE_STATES for node in nodes)
    if booting < len(nodes):
        return []
    coming = booting or target_of(pool)
    if coming:
        return [f"pool {pool['id']} has no node yet; {coming} are being started"]
    if pool.get("enableAutoScale"):
        every = pool.get("autoScaleEvaluationInterval") or "PT15M"
        return [f"pool {pool['id']} has no node and its formula asks for none; it is evaluated every {every}"]
    return [f"pool {pool['id']} has no node and a fixed size of 0; resize it, or enable autoscale on it"]


def state_of(node: Mapping[str, Any]) -> str:
    """Return a node's state, in the lower case of the enumeration."""
    return str(node.get("state") or "").lower()


def _broken(pool_id: str, node: Mapping[str, Any], *, now: datetime | None) -> PoolTrouble:
    errors = node.get("errors") or ()
    details = "; ".join(f"{error.get('code')}: {error.get('message') or ''}".rstrip(": ") for error in errors)
    state = state_of(node)
    said = f" ({details})" if details else ""
    return PoolTrouble(
        TroubleKind.BROKEN,
        ", ".join(dict.fromkeys(str(error.get("code")) for error in errors)) or state,
        f"pool {pool_id}: node {node['id']} is {state}{said}; {BROKEN_NODE_STATES[state]}",
        str(node["id"]),
        _lasts(node, now=now),
    )


def _lasts(node: Mapping[str, Any], *, now: datetime | None) -> timedelta:
    since = datetime_of(node.get("stateTransitionTime"))
    return now - since if now and since else timedelta()


def autoscale_error(error: Mapping[str, Any]) -> str:
    """Say what is wrong with a formula, in the service's words, line and column included."""
    said = [str(value.get("value") or "") for value in error.get("values") or ()]
    return f"{error.get('code')}: " + (
        "; ".join(filter(None, said)) or str(error.get("message") or "no details")
    )


def _overdue(
    pool: Mapping[str, Any], nodes: Collection[Mapping[str, Any]], *, now: datetime
) -> Iterator[PoolTrouble]:
    """Name the nodes that are stuck while they boot, and those that idle though nothing holds them.

    :param pool: the pool as the service describes it
    :param nodes: its nodes with ``state`` and ``stateTransitionTime``
    :param now: by the service's clock
    """
    scales = bool(pool.get("enableAutoScale"))
    is_held = not scales or _is_announced(pool, now=now) or _is_wanted(pool, nodes, now=now)
    for node in nodes:
        state, lasts = state_of(node), _lasts(node, now=now)
        name = str(node["id"])
        which = f"pool {pool['id']}: node {name} is {state} for {lasts // _MINUTE} minutes"
        if state in BOOTING_NODE_STATES and lasts > BOOTS_FOR:
            said = f"{which}; remove it, the pool gets another in its place"
            yield PoolTrouble(TroubleKind.BOOTING, state, said, name, lasts)
        elif state == "idle" and lasts > IDLES_FOR and not is_held:
            said = f"{which} and nothing holds it; see the formula's last evaluation, or remove it"
            yield PoolTrouble(TroubleKind.IDLE, "", said, name, lasts)


def _is_announced(pool: Mapping[str, Any], *, now: datetime) -> bool:
    return Floor.of_formula(str(pool.get("autoScaleFormula") or ""), now=now) is not None


def _is_wanted(pool: Mapping[str, Any], nodes: Collection[Mapping[str, Any]], *, now: datetime) -> bool:
    """Tell whether the formula, lately evaluated, asks for all nodes: they are kept warm, or work waits."""
    run = pool.get("autoScaleRun") or {}
    at = datetime_of(run.get("timestamp"))
    is_recent = at is not None and now - at < IDLES_FOR and not run.get("error")
    return is_recent and target_of(pool) >= len(nodes)


def target_of(pool: Mapping[str, Any]) -> int:
    """Return how many nodes of either kind a pool is to have."""
    return sum(int(pool.get(f"target{kind}Nodes") or 0) for kind in ("Dedicated", "LowPriority"))
