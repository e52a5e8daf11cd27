"""Parts of the page about Azure: sizes, roles, identities, and what a month takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench_results import results_of, table_of

from infra.check.evaluation import Deployment, Scene
from infra.check.parameters import read_parameters
from infra.check.roles import Need, needs
from infra.fleet_size import FOLDER, SENSORS, fleet_size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.check.resources import Resource


def roles_table() -> str:
    """Return a row for each role assignment of the templates."""
    rows = [
        f"| {_holder(need)} | *{need.grant.role}* | {need.grant.where} | {need.does} "
        f"| {'<br>'.join(map(_shown, need.code))} |"
        for need in needs()
    ]
    return "\n".join(("| who | role | on | to | needed by |", "|---|---|---|---|---|", *rows))


def _holder(need: Need) -> str:
    return f"{need.grant.who}, {need.when}" if need.when else need.grant.who


def _shown(code: str) -> str:
    file, _, name = code.partition(": ")
    return f"[`{name or file.rpartition('/')[2]}`](../{file})"


_SIGNS_IN_AS = {
    "Airflow": "identity of its VM, or of its pods",
    "nodes": "user-assigned identity of the pool",
    "Stream Analytics job": "its system-assigned identity",
    "devices": "an identity of yours",
    "Microsoft Azure Batch": "service principal of the tenant",
}
_STORAGE = "storage account"


def identities_picture() -> str:
    """Return a diagram of those roles: an arrow for each role of somebody somewhere, dashed if it depends."""
    edges: dict[tuple[str, str, str, str], list[str]] = {}
    for need in needs():
        container = need.grant.where.removeprefix("container ")
        place = need.grant.where if container == need.grant.where else _STORAGE
        held = edges.setdefault((need.grant.who, need.when, need.grant.role, place), [])
        held += [container] * (place == _STORAGE)
    whos = {who: f"who{number}" for number, who in enumerate(dict.fromkeys(who for who, *_ in edges))}
    places = {place: f"place{number}" for number, place in enumerate(dict.fromkeys(key[3] for key in edges))}
    lines = [f'    {name}(["{who}<br><i>{_SIGNS_IN_AS[who]}</i>"])' for who, name in whos.items()]
    lines += [f'    {name}["{place}"]' for place, name in places.items()]
    lines += [
        f'    {whos[who]} {"-.->" if when else "-->"}|"{_label(role, containers, when)}"| {places[place]}'
        for (who, when, role, place), containers in edges.items()
    ]
    return "\n".join(("```mermaid", "flowchart LR", *lines, "```"))


def _label(role: str, containers: Iterable[str], when: str) -> str:
    return "<br>".join(filter(None, (role, ", ".join(containers), when)))


def sizes_table() -> str:
    """Return what the parameter files give to a fleet of each size."""
    sizes, tasks = [fleet_size(each) for each in SENSORS], [each["tasks"] for each in results_of("month")]
    rows = {
        "node size": [f"`{size.vm_size}`" for size in sizes],
        "Batch tasks of an hour": [f"{each:,}" for each in tasks],
        "Batch tasks at once: on a node, on all": [
            f"{size.slots_per_node}, {size.slots_per_node * size.max_nodes}" for size in sizes
        ],
        "nodes at most": [str(size.max_nodes) for size in sizes],
        "quota that they take, in vCPUs": [str(size.vcpus) for size in sizes],
        "partitions of the event hub": [str(size.partitions) for size in sizes],
        "throughput units, and under load": [
            f"{size.throughput_units}, {2 * size.throughput_units}" for size in sizes
        ],
        "streaming units, as the API counts": [str(size.streaming_units) for size in sizes],
    }
    return table_of([f"{size.sensors:,} sensors" for size in sizes], rows)


def month_table() -> str:
    """Return the node-hours of a month for a fleet of each size."""
    found = results_of("month")
    rows = {
        "nothing to score": [f"{each['idle']['node_hours']:,.0f}" for each in found],
        "every hour scored": [f"{each['busy']['node_hours']:,.0f}" for each in found],
        "every hour scored, on Spot nodes": [
            f"{each['busy_spot']['spot_hours']:,.0f} Spot, {each['busy_spot']['node_hours']:,.0f} dedicated"
            for each in found
        ],
        "all nodes, all the time: the ceiling": [f"{each['ceiling']:,}" for each in found],
    }
    return table_of([f"{each['bounds']['sensors']:,} sensors" for each in found], rows)


_NETWORKS = ("public", "nat", "private")
_STANDING = {
    "NAT gateways": "Microsoft.Network/natGateways",
    "public addresses in the group": "Microsoft.Network/publicIPAddresses",
    "private endpoints": "Microsoft.Network/privateEndpoints",
    "private DNS zones": "Microsoft.Network/privateDnsZones",
    "alert rules": "Microsoft.Insights/scheduledQueryRules",
}


def standing_table() -> str:
    """Return what is paid for in each kind of network, whether or not anything is scored."""
    deployed = [_resources(network) for network in _NETWORKS]
    rows = {"registry, tier": [_tier(found, "Microsoft.ContainerRegistry/registries") for found in deployed]}
    for name, kind in _STANDING.items():
        rows[name] = [str(sum(each.kind.name == kind for each in found)) for found in deployed]
    return table_of([f"`{network}`" for network in _NETWORKS], rows)


def _resources(network: str) -> list[Resource]:
    environ = {"IMAGE": "sensor-scoring", "AIRFLOW_PRINCIPAL_ID": "0" * 36, "NETWORK": network}
    template, arguments = read_parameters(FOLDER / f"{SENSORS[0]}.bicepparam", environ)
    return list(Deployment(template, arguments, Scene(environ)).resources())


def _tier(found: Iterable[Resource], kind: str) -> str:
    (resource,) = [each for each in found if each.kind.name == kind]
    return str(resource.body["sku"]["name"])
