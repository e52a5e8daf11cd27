"""Pool problems, and what to do about each. Values only.

Callers pass the JSON of pool and nodes as the service sent it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sensor_scoring.azure_batch.autoscale import Floor
from sensor_scoring.service_times import datetime_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
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
_BOOTING_NODE_STATES = frozenset({"creating", "starting", "waitingforstarttask", "rebooting", "reimaging"})
_BROKEN_NODE_STATES = {
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


def troubles_of(
    pool: Mapping[str, Any], nodes: Collection[Mapping[str, Any]] = (), *, now: datetime | None = None
) -> list[str]:
    """Say what keeps a pool from working, each in one sentence with what to do.

    :param pool: the pool as the service describes it
    :param nodes: its nodes with :data:`NODE_COLUMNS`, likewise
    :param now: by the service's clock; without it nobody is called overdue
    """
    pool_id = pool["id"]
    found = []
    run_error = (pool.get("autoScaleRun") or {}).get("error")
    if run_error:
        found.append(
            f"pool {pool_id}: its autoscale formula fails ({autoscale_error(run_error)}), "
            "so it keeps its size; enable autoscale again with a formula that evaluates"
        )
    for error in pool.get("resizeErrors") or ():
        help_text = _HELP_FOR_RESIZE.get(error.get("code"), "see the pool in the portal")
        found.append(
            f"pool {pool_id}: {error.get('code')}: {error.get('message') or 'no details'}; {help_text}"
        )
    found.extend(_node_trouble(pool_id, node) for node in nodes if _state(node) in _BROKEN_NODE_STATES)
    if now is not None:
        found.extend(_overdue(pool, nodes, now=now))
    return found


def emptiness_of(pool: Mapping[str, Any], nodes: Collection[Mapping[str, Any]] = ()) -> list[str]:
    """Say why no node of a pool can work yet, which is no trouble in itself; nothing if one can."""
    booting = sum(_state(node) in _BOOTING_NODE_STATES for node in nodes)
    if booting < len(nodes):
        return []
    coming = booting or sum(int(pool.get(f"target{kind}Nodes") or 0) for kind in ("Dedicated", "LowPriority"))
    if coming:
        return [f"pool {pool['id']} has no node yet; {coming} are being started"]
    if pool.get("enableAutoScale"):
        every = pool.get("autoScaleEvaluationInterval") or "PT15M"
        return [f"pool {pool['id']} has no node and its formula asks for none; it is evaluated every {every}"]
    return [f"pool {pool['id']} has no node and a fixed size of 0; resize it, or enable autoscale on it"]


def _node_trouble(pool_id: str, node: Mapping[str, Any]) -> str:
    details = "; ".join(
        f"{error.get('code')}: {error.get('message') or ''}".rstrip(": ")
        for error in node.get("errors") or ()
    )
    state = _state(node)
    said = f" ({details})" if details else ""
    return f"pool {pool_id}: node {node['id']} is {state}{said}; {_BROKEN_NODE_STATES[state]}"


def _state(node: Mapping[str, Any]) -> str:
    return str(node.get("state") or "").lower()


def autoscale_error(error: Mapping[str, Any]) -> str:
    """Say what is wrong with a formula, in the service's words, line and column included."""
    said = [str(value.get("value") or "") for value in error.get("values") or ()]
    return f"{error.get('code')}: " + (
        "; ".join(filter(None, said)) or str(error.get("message") or "no details")
    )


def _overdue(pool: Mapping[str, Any], nodes: Iterable[Mapping[str, Any]], *, now: datetime) -> Iterator[str]:
    """Name the nodes that are stuck while they boot, and those that idle though nothing holds them.

    :param pool: the pool as the service describes it
    :param nodes: its nodes with ``state`` and ``stateTransitionTime``
    :param now: by the service's clock
    """
    held = Floor.of_formula(str(pool.get("autoScaleFormula") or ""), now=now)
    for node in nodes:
        state, since = _state(node), datetime_of(node.get("stateTransitionTime"))
        lasts = now - since if since else timedelta()
        which = f"pool {pool['id']}: node {node['id']} is {state} for {lasts // _MINUTE} minutes"
        if state in _BOOTING_NODE_STATES and lasts > BOOTS_FOR:
            yield f"{which}; remove it, the pool gets another in its place"
        elif state == "idle" and lasts > IDLES_FOR and pool.get("enableAutoScale") and held is None:
            yield f"{which} and nothing holds it; see the formula's last evaluation, or remove it"
