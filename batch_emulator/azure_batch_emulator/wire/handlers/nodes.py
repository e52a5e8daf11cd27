"""Operations on nodes."""

from __future__ import annotations

from azure_batch_emulator.wire import paging
from azure_batch_emulator.wire.bodies import node_bodies
from azure_batch_emulator.wire.call import Answer, Call
from azure_batch_emulator.wire.views.node_json import COLUMNS, FILTERS, node_json


def list_nodes(call: Call) -> Answer:
    """List the nodes of a pool."""
    pool = call.engine.lookup.pool(call["poolId"])
    listing = paging.Listing(
        metadata="nodes",
        properties=FILTERS,
        render=lambda entry, base: node_json(call.engine.account, pool, entry[1], base),
        position=lambda entry: entry[0],
        columns=COLUMNS,
    )
    chosen = paging.read_filter(call, FILTERS)
    first = paging.start(call)
    nodes = (entry for entry in enumerate(pool.nodes.values()) if entry[0] >= first)
    return paging.page(call, listing, nodes, chosen)


def get_node(call: Call) -> Answer:
    """Show one node."""
    pool, node = call.engine.lookup.node(call["poolId"], call["nodeId"])
    columns = paging.select(call, COLUMNS)
    body = node_json(call.engine.account, pool, node, call.base)
    head = {"odata.metadata": f"{call.base}/$metadata#nodes/@Element"}
    return Answer(200, head | (body if columns is None else paging.pick(body, columns)))


def reboot_node(call: Call) -> Answer:
    """Begin to restart a node."""
    pool, node = call.engine.lookup.node(call["poolId"], call["nodeId"])
    option = call.optional_body(node_bodies.REBOOT).get("nodeRebootOption") or "requeue"
    call.engine.node_operations.reboot(pool, node, option=option)
    return Answer(202, headers=_headers(call))


def reimage_node(call: Call) -> Answer:
    """Begin to make a node anew."""
    pool, node = call.engine.lookup.node(call["poolId"], call["nodeId"])
    option = call.optional_body(node_bodies.REIMAGE).get("nodeReimageOption") or "requeue"
    call.engine.node_operations.reimage(pool, node, option=option)
    return Answer(202, headers=_headers(call))


def deallocate_node(call: Call) -> Answer:
    """Begin to switch a node off."""
    pool, node = call.engine.lookup.node(call["poolId"], call["nodeId"])
    option = call.optional_body(node_bodies.DEALLOCATE).get("nodeDeallocateOption") or "requeue"
    call.engine.node_operations.deallocate(pool, node, option=option)
    return Answer(202, headers=_headers(call))


def start_node(call: Call) -> Answer:
    """Begin to switch a node on."""
    call.engine.node_operations.start(*call.engine.lookup.node(call["poolId"], call["nodeId"]))
    return Answer(202, headers=_headers(call))


def disable_node_scheduling(call: Call) -> Answer:
    """Close a node to tasks."""
    pool, node = call.engine.lookup.node(call["poolId"], call["nodeId"])
    option = (
        call.optional_body(node_bodies.DISABLE_SCHEDULING).get("nodeDisableSchedulingOption") or "requeue"
    )
    call.engine.node_operations.disable_scheduling(pool, node, option=option)
    return Answer(200, headers=_headers(call))


def enable_node_scheduling(call: Call) -> Answer:
    """Open a node to tasks."""
    call.engine.node_operations.enable_scheduling(*call.engine.lookup.node(call["poolId"], call["nodeId"]))
    return Answer(200, headers=_headers(call))


def _headers(call: Call) -> dict[str, str]:
    return {"DataServiceId": f"{call.base}{call.path}"}
