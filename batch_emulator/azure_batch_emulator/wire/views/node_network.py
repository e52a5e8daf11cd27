"""How nodes could be reached from outside: a pool's endpoints, as they appear on each of its nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool

_PUBLIC_ADDRESS = "203.0.113.1"
_PUBLIC_ADDRESS_6 = "2001:db8::1"
"""Of the ranges for documentation: they lead nowhere."""


def inbound_endpoints(pool: Pool, node: Node) -> list[dict[str, Any]]:
    """List a node's endpoints: one for each of the pool's, and in a pool with IPv6 two."""
    network = pool.spec.get("networkConfiguration") or {}
    pools = (network.get("endpointConfiguration") or {}).get("inboundNATPools") or ()
    addresses = [_PUBLIC_ADDRESS, *([_PUBLIC_ADDRESS_6] if has_ipv6(pool) else [])]
    return [_endpoint(entry, node, address) for entry in pools for address in addresses]


def has_ipv6(pool: Pool) -> bool:
    """Tell whether the nodes of a pool have addresses of both families."""
    network = pool.spec.get("networkConfiguration") or {}
    return "IPv6" in ((network.get("publicIPAddressConfiguration") or {}).get("ipFamilies") or ())


def ipv6_address(node: Node) -> str:
    """Tell the address that a node has beside its own of the older family."""
    return f"fd00::{node.number:x}"


def _endpoint(entry: Mapping[str, Any], node: Node, address: str) -> dict[str, Any]:
    first, last = entry["frontendPortRangeStart"], entry["frontendPortRangeEnd"]
    return {
        "name": f"{entry['name']}.{node.number - 1}",
        "protocol": entry["protocol"],
        "publicIPAddress": address,
        "publicFQDN": "nodes.batch.invalid",
        "frontendPort": first + (node.number - 1) % (last - first + 1),
        "backendPort": entry["backendPort"],
    }
