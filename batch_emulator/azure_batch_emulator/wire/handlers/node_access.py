"""Operations on the inside of a node: users, remote login, logs, extensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.service.nodes.access import check_up
from azure_batch_emulator.wire import paging
from azure_batch_emulator.wire.bodies import node_bodies
from azure_batch_emulator.wire.response import Response

if TYPE_CHECKING:
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.wire.request import Request

_SSH_PORT = 22
_AGENT = {
    "name": "batchNodeExtension",
    "publisher": "Microsoft.Azure.Extensions",
    "type": "CustomScript",
    "typeHandlerVersion": "2.0",
    "autoUpgradeMinorVersion": True,
}
"""What the service itself installs on every node."""
_COLUMNS = frozenset({"provisioningState", "vmExtension", "instanceView"})


def create_node_user(request: Request) -> Response:
    """Make a user on a node."""
    _, node = _node(request)
    request.engine.node_access.add_user(node, request.body(node_bodies.NODE_USER))
    return Response(201, headers=_headers(request))


def replace_node_user(request: Request) -> Response:
    """Change password, key or expiry of a user."""
    _, node = _node(request)
    request.engine.node_access.replace_user(
        node, request["userName"], request.body(node_bodies.NODE_USER_PATCH)
    )
    return Response(200, headers=_headers(request))


def delete_node_user(request: Request) -> Response:
    """Remove a user."""
    _, node = _node(request)
    request.engine.node_access.remove_user(node, request["userName"])
    return Response(200)


def get_node_remote_login_settings(request: Request) -> Response:
    """Tell where one would sign in."""
    _, node = _node(request)
    check_up(node)
    head = {"odata.metadata": f"{request.base}/$metadata#Microsoft.Azure.Batch.Protocol.Entities.RemoteLogin"}
    return Response(200, head | {"remoteLoginIPAddress": node.address, "remoteLoginPort": _SSH_PORT})


def upload_node_logs(request: Request) -> Response:
    """Begin to send a node's log to a container."""
    pool, node = _node(request)
    url = request.body(node_bodies.NODE_LOGS)["containerUrl"]
    folder = request.engine.node_access.send_log(pool, node, url)
    return Response(200, {"virtualDirectoryName": folder, "numberOfFilesUploaded": 1})


def list_node_extensions(request: Request) -> Response:
    """List the extensions of a node's machine, as its pool describes them."""
    listing: paging.Listing[tuple[int, dict[str, Any]]] = paging.Listing(
        metadata="extensions",
        properties={},
        render=lambda entry, _base: entry[1],
        position=lambda entry: entry[0],
        columns=_COLUMNS,
    )
    first = paging.start(request)
    found = (entry for entry in enumerate(_extensions(*_node(request))) if entry[0] >= first)
    return paging.page(request, listing, found, None)


def get_node_extension(request: Request) -> Response:
    """Show one extension.

    :raises ApiError: 404 ResourceNotFound
    """
    wanted = request["extensionName"].lower()
    columns = paging.select(request, _COLUMNS)
    for found in _extensions(*_node(request)):
        if str(found["vmExtension"].get("name", "")).lower() == wanted:
            return Response(200, found if columns is None else paging.pick(found, columns))
    raise ApiError(404, "ResourceNotFound", "The specified extension does not exist on the node.")


def _extensions(pool: Pool, node: Node) -> list[dict[str, Any]]:
    machine = pool.spec.get("virtualMachineConfiguration") or {}
    done = "Succeeded" if node.booted is not None else "Creating"
    return [
        {
            "provisioningState": done,
            "vmExtension": {name: value for name, value in extension.items() if name != "protectedSettings"},
            "instanceView": {
                "name": extension.get("name"),
                "statuses": [{"code": f"ProvisioningState/{done.lower()}", "level": "Info"}],
            },
        }
        for extension in (_AGENT, *(machine.get("extensions") or ()))
    ]


def _node(request: Request) -> tuple[Pool, Node]:
    return request.engine.lookup.node(request["poolId"], request["nodeId"])


def _headers(request: Request) -> dict[str, str]:
    return {"DataServiceId": f"{request.base}{request.path}"}
