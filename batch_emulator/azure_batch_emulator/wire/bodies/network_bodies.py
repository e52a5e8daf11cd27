"""The body of a pool's ``networkConfiguration``, with the rules of its endpoints."""

from __future__ import annotations

import ipaddress
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.wire.bodies.kinds import (
    between,
    choice,
    pattern,
    resource,
    switch,
    text,
    wrong,
)
from azure_batch_emulator.wire.bodies.schema import Schema, every, join, ordered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HIGHEST_PORT = 65535
HIGHEST_FRONTEND_PORT = 65534
OF_THE_AGENT = frozenset({29876, 29877})
OF_THE_SERVICE = range(50_000, 55_001)
SHORTEST_RANGE = 40
MOST_ENDPOINTS = 5
MOST_RULES = 25
_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?", re.ASCII)
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9.]*")
SUBNET = resource(
    *(f"providers/{provider}/virtualNetworks/{{}}/subnets/{{}}"
      for provider in ("Microsoft.Network", "Microsoft.ClassicNetwork"))
)  # fmt: skip


def backend_port(value: Any, path: str) -> Any:
    """Take a port of a node that its agent does not need itself.

    :raises ApiError: if it is no port, or one of the agent's
    """
    port = between(1, HIGHEST_PORT)(value, path)
    if port in OF_THE_AGENT:
        raise wrong(path, value, f"{', '.join(map(str, sorted(OF_THE_AGENT)))} are reserved")
    return port


def frontend_port(value: Any, path: str) -> Any:
    """Take a public port that the service does not need itself.

    :raises ApiError: if it is no port, or one of the service's
    """
    port = between(1, HIGHEST_FRONTEND_PORT)(value, path)
    if port in OF_THE_SERVICE:
        raise wrong(path, value, f"{OF_THE_SERVICE[0]} to {OF_THE_SERVICE[-1]} are reserved")
    return port


def source_prefix(value: Any, path: str) -> Any:
    """Take an address, a network, a service tag or ``*``.

    :raises ApiError: if it is anything else
    """
    if text(value, path) == "*" or _TAG.fullmatch(value):
        return value
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        reason = "an address, a network, a service tag or * is needed"
        raise wrong(path, value, reason) from None
    return value


def source_ports(value: Any, path: str) -> Any:
    """Take ``*``, a port or a range of ports.

    :raises ApiError: if it is anything else
    """
    found = _PORTS.fullmatch(text(value, path))
    ports = [int(port) for port in found.groups() if port is not None] if found else []
    if value != "*" and not (ports and ports == sorted(ports) and ports[-1] <= HIGHEST_PORT):
        raise wrong(path, value, f"*, a port or a range of ports of 0 to {HIGHEST_PORT} is needed")
    return value


def _disjoint_sources(rule: Mapping[str, Any], path: str) -> None:
    ranges = sorted(_port_range(ports) for ports in rule.get("sourcePortRanges") or ())
    if any(later[0] <= earlier[1] for earlier, later in pairwise(ranges)):
        place = join(path, "sourcePortRanges")
        raise wrong(place, rule["sourcePortRanges"], "the ranges must not overlap")


def _port_range(ports: str) -> tuple[int, int]:
    if ports == "*":
        return 0, HIGHEST_PORT
    first, _, last = ports.partition("-")
    return int(first), int(last or first)


def _long_enough(endpoint: Mapping[str, Any], path: str) -> None:
    first, last = endpoint["frontendPortRangeStart"], endpoint["frontendPortRangeEnd"]
    if last - first + 1 < SHORTEST_RANGE:
        raise wrong(join(path, "frontendPortRangeEnd"), last, f"a range of {SHORTEST_RANGE} ports at least")
    if first < OF_THE_SERVICE.start and last >= OF_THE_SERVICE.stop:
        reason = f"{OF_THE_SERVICE[0]} to {OF_THE_SERVICE[-1]} are reserved"
        raise wrong(join(path, "frontendPortRangeEnd"), last, reason)


def _distinct(configuration: Mapping[str, Any], path: str) -> None:
    """Hold the endpoints of a pool against each other."""
    endpoints, place = configuration["inboundNATPools"], join(path, "inboundNATPools")
    for name in ("name", "backendPort"):
        values = [str(endpoint[name]).lower() for endpoint in endpoints]
        if len(set(values)) < len(values):
            raise wrong(place, values, f"each endpoint needs a {name} of its own")
    ranges = sorted((entry["frontendPortRangeStart"], entry["frontendPortRangeEnd"]) for entry in endpoints)
    if any(later[0] <= earlier[1] for earlier, later in pairwise(ranges)):
        raise wrong(place, ranges, "the ranges of frontend ports must not overlap")
    priorities = list(_priorities(endpoints))
    if len(priorities) > MOST_RULES:
        raise wrong(place, len(priorities), f"at most {MOST_RULES} rules are allowed in a pool")
    if len(set(priorities)) < len(priorities):
        raise wrong(place, priorities, "each rule needs a priority of its own")


def _priorities(endpoints: list[Mapping[str, Any]]) -> Iterator[int]:
    for endpoint in endpoints:
        for rule in endpoint.get("networkSecurityGroupRules") or ():
            yield rule["priority"]


def _known_families(addresses: Mapping[str, Any], path: str) -> None:
    families = addresses.get("ipFamilies")
    if families is not None and sorted(families) not in (["IPv4"], ["IPv4", "IPv6"]):
        raise wrong(join(path, "ipFamilies"), families, "IPv4, or IPv4 and IPv6")


def _public_only(network: Mapping[str, Any], path: str) -> None:
    addresses = network.get("publicIPAddressConfiguration") or {}
    if "endpointConfiguration" in network and addresses.get("provision") == "nopublicipaddresses":
        raise wrong(join(path, "endpointConfiguration"), "", "not allowed without public addresses")


_RULE = Schema(
    {
        "priority": between(150, 4096),
        "access": choice("allow", "deny"),
        "sourceAddressPrefix": source_prefix,
        "sourcePortRanges": every(source_ports),
    },
    required="priority access sourceAddressPrefix",
    rules=(_disjoint_sources,),
)
_ENDPOINT = Schema(
    {
        "name": pattern(
            r"(?=.{1,77}$)[a-z0-9](?:[a-z0-9_.-]*[a-z0-9_])?",
            "up to 77 letters, numbers, underscores, periods and hyphens; a letter or number first, "
            "no period or hyphen last",
        ),
        "protocol": choice("tcp", "udp"),
        "backendPort": backend_port,
        "frontendPortRangeStart": frontend_port,
        "frontendPortRangeEnd": frontend_port,
        "networkSecurityGroupRules": every(_RULE),
    },
    required="name protocol backendPort frontendPortRangeStart frontendPortRangeEnd",
    rules=(ordered("frontendPortRangeStart", "frontendPortRangeEnd"), _long_enough),
)
ENDPOINTS = Schema(
    {"inboundNATPools": every(_ENDPOINT, most=MOST_ENDPOINTS)},
    required="inboundNATPools",
    rules=(_distinct,),
)
NETWORK = Schema(
    {
        "subnetId": SUBNET,
        "dynamicVNetAssignmentScope": choice("none", "job"),
        "endpointConfiguration": ENDPOINTS,
        "publicIPAddressConfiguration": Schema(
            {
                "provision": choice("batchmanaged", "usermanaged", "nopublicipaddresses"),
                "ipFamilies": every(choice("IPv4", "IPv6")),
                "ipAddressIds": every(resource("providers/Microsoft.Network/publicIPAddresses/{}")),
                "ipTags": every(Schema({"ipTagType": text, "tag": text})),
            },
            rules=(_known_families,),
        ),
        "enableAcceleratedNetworking": switch,
    },
    rules=(_public_only,),
)
JOB_NETWORK = Schema({"subnetId": SUBNET, "skipWithdrawFromVNet": switch}, required="subnetId")
