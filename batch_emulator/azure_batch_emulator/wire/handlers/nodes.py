"""Operations on nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.wire import paging
from azure_batch_emulator.wire.bodies import node_bodies
from azure_batch_emulator.wire.response import Response
from azure_batch_emulator.wire.views.node_json import COLUMNS, FILTERS, node_json

if TYPE_CHECKING:
    from azure_batch_emulator.wire.request import Request


def list_nodes(request: Request) -> Response:
    """List the nodes of a pool."""
    pool = request.engine.lookup.pool(request["poolId"])
    listing = paging.Listing(
        metadata="nodes",
        properties=FILTERS,
        render=lambda entry, base: node_json(request.engine.account, pool, entry[1], base),
        position=lambda entry: entry[0],
        columns=COLUMNS,
    )
    chosen = paging.read_filter(request, FILTERS)
    first = paging.start(request)
    nodes = (entry for entry in enumerate(pool.nodes.values()) if entry[0] >= first)
    return paging.page(request, listing, nodes, chosen)


def get_node(request: Request) -> Response:
    """Show one node."""
    pool, node = request.engine.lookup.node(request["poolId"], request["nodeId"])
    columns = paging.select(request, COLUMNS)
    body = node_json(request.engine.account, pool, node, request.base)
    head = {"odata.metadata": f"{request.base}/$metadata#nodes/@Element"}
    return Response(200, head | (body if columns is None else paging.pick(body, columns)))


def reboot_node(request: Request) -> Response:
    """Begin to restart a node."""
    pool, node = request.engine.lookup.node(request["poolId"], request["nodeId"])
    option = request.optional_body(node_bodies.REBOOT).get("nodeRebootOption") or "requeue"
    request.engine.node_operations.reboot(pool, node, option=option)
    return Response(202, headers=_headers(request))


def reimage_node(request: Request) -> Response:
    """Begin to make a node anew."""
    pool, node = request.engine.lookup.node(request["poolId"], request["nodeId"])
    option = request.optional_body(node_bodies.REIMAGE).get("nodeReimageOption") or "requeue"
    request.engine.node_operations.reimage(pool, node, option=option)
    return Response(202, headers=_headers(request))


def deallocate_node(request: Request) -> Response:
    """Begin to switch a node off."""
    pool, node = request.engine.lookup.node(request["poolId"], request["nodeId"])
    option = request.optional_body(node_bodies.DEALLOCATE).get("nodeDeallocateOption") or "requeue"
    request.engine.node_operations.deallocate(pool, node, option=option)
    return Response(202, headers=_headers(request))


def start_node(request: Request) -> Response:
    """Begin to switch a node on."""
    request.engine.node_operations.start(*request.engine.lookup.node(request["poolId"], request["nodeId"]))
    return Response(202, headers=_headers(request))


def disable_node_scheduling(request: Request) -> Response:
    """Close a node to tasks."""
    pool, node = request.engine.lookup.node(request["poolId"], request["nodeId"])
    option = (
        request.optional_body(node_bodies.DISABLE_SCHEDULING).get("nodeDisableSchedulingOption") or "requeue"
    )
    request.engine.node_operations.disable_scheduling(pool, node, option=option)
    return Response(200, headers=_headers(request))


def enable_node_scheduling(request: Request) -> Response:
    """Open a node to tasks."""
    request.engine.node_operations.enable_scheduling(
        *request.engine.lookup.node(request["poolId"], request["nodeId"])
    )
    return Response(200, headers=_headers(request))


def _headers(request: Request) -> dict[str, str]:
    return {"DataServiceId": f"{request.base}{request.path}"}
