"""The templates: right by the models of Azure's clients, and what the product expects."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from infra.check.bodies import faults_of
from infra.check.errors import TemplateFault
from infra.check.evaluation import Deployment, Scene
from infra.check.parameters import read_parameters
from infra.check.policy import policy_faults, text_faults
from infra.check.roles import grants_of, missing_code, needs
from infra.check.static_names import name_faults
from infra.check.syntax import nodes_of, parse_file
from sensor_scoring.azure_batch.pool.autoscale import AutoscalePolicy
from sensor_scoring.azure_batch.pool.mounts import BlobMount
from sensor_scoring.azure_batch.pool.spec import PoolSpec
from sensor_scoring.hourly.planning.mounts import mounts_of
from sensor_scoring.hourly.task import score_task
from sensor_scoring.settings import Settings, all_settings
from sensor_scoring.training.task import train_task
from tests.infra.deployments import (
    BRANCHES,
    CASES,
    INFRA,
    NEEDED,
    OPTIONS,
    PRINCIPALS,
    SIZES,
    TEMPLATES,
    deployment,
    only,
    resources,
)
from tests.support.typed import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tree_sitter import Node

    from sensor_scoring.blob_storage.store import BlobStore

DEPLOYMENTS = [pytest.param(size, option, id=f"{size}-{option}") for size in SIZES for option in OPTIONS]

NAMES = {
    "Microsoft.Batch/batchAccounts": "[a-z0-9]{3,24}",
    "Microsoft.ContainerRegistry/registries": "[a-zA-Z0-9]{5,50}",
    "Microsoft.EventHub/namespaces": "[a-zA-Z][a-zA-Z0-9-]{4,48}[a-zA-Z0-9]",
    "Microsoft.KeyVault/vaults": "[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]",
    "Microsoft.Storage/storageAccounts": "[a-z0-9]{3,24}",
    "Microsoft.StreamAnalytics/streamingjobs": "[a-zA-Z0-9_-]{3,63}",
}
"""Names that services take: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules"""


@pytest.mark.parametrize(("size", "option"), DEPLOYMENTS)
def test_a_deployment_is_right_by_the_models(size, option) -> None:
    """Each property, enumeration, type and API version is one that the management clients know."""
    assert [fault for resource in resources(size, option) for fault in faults_of(resource)] == []


@pytest.mark.parametrize(("size", "option"), DEPLOYMENTS)
def test_a_deployment_keeps_the_rules(size, option) -> None:
    """No keys, no public blobs, TLS 1.2, no admin user, purge protection; each exception is needed."""
    assert policy_faults(resources(size, option), is_private=option == "private") == []


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.stem)
def test_every_name_is_declared_and_used(file) -> None:
    """Parameters, variables, outputs of modules, existing resources."""
    assert name_faults(file) == []


@pytest.mark.parametrize("file", [*TEMPLATES, *(INFRA / "sizes").iterdir()], ids=lambda file: file.name)
def test_no_template_asks_for_a_key_or_names_a_cloud(file) -> None:
    """Hosts come from the resources, or from the cloud that is deployed to."""
    assert list(text_faults(file)) == []


def test_every_branch_is_checked() -> None:
    """The deployments here decide each condition both ways, and use every template."""
    for size in SIZES:
        for option in OPTIONS:
            for resource in resources(size, option):
                assert resource.body
            assert deployment(size, option).outputs["environment"]()
    conditions = {(file.name, node.start_byte) for file in TEMPLATES for node in _conditions(file)}
    assert {(file, place, way) for file, place in conditions for way in (True, False)} == BRANCHES


def _conditions(file: Path) -> Iterator[Node]:
    for node in nodes_of(parse_file(file)):
        if node.type == "ternary_expression":
            yield node.named_children[0]
        if node.type == "if_statement":
            yield node.named_children[0].named_children[0]


@pytest.mark.parametrize("option", OPTIONS)
def test_exactly_the_roles_that_are_needed_are_assigned(option) -> None:
    """The table of the documentation, row by row; what an option is for is assigned with it alone."""
    needed = sorted(need.grant for need in needs() if need.when in CASES[option])
    assert grants_of(resources(15, option), PRINCIPALS) == needed


def test_the_code_that_needs_a_role_is_there() -> None:
    """Functions and files by their names."""
    assert [each for need in needs() for each in missing_code(need.code)] == []
    assert missing_code(["infra/none.bicep", "infra/commands.py: none"]) != []


def test_the_nodes_may_do_what_their_signatures_would_allow() -> None:
    """Containers that a Batch task only reads are only read with an identity too."""
    asked: dict[str, set[str]] = {}
    for arguments in (score_task(Settings()), train_task(Settings())):
        asked.setdefault(arguments["log_container"], set()).add("w")
        for grant in arguments["containers"].values():
            container, _, permissions = grant.partition(":")
            asked.setdefault(container, set()).update(permissions)
    granted = [each for each in grants_of(resources(15, "public"), PRINCIPALS) if each.who == "nodes"]
    assert {
        each.where.removeprefix("container "): each.role for each in granted if each.role != "AcrPull"
    } == {
        container: f"Storage Blob Data {'Contributor' if 'w' in permissions else 'Reader'}"
        for container, permissions in asked.items()
    }


@pytest.mark.parametrize(("size", "option"), DEPLOYMENTS)
def test_the_pool_is_the_one_that_the_product_makes(size, option) -> None:
    """Image, registry, slots, formula, interval and mark: a run adopts it and changes nothing."""
    environment = deployment(size, option).outputs["environment"]()
    values = {name: str(value) for name, value in environment.items() if name.startswith("SENSOR_SCORING_")}
    settings = Settings.from_environ(values)
    policy = AutoscalePolicy(
        settings.autoscale.max_nodes,
        settings.pool.slots_per_node,
        spot=settings.autoscale.spot,
        dedicated_nodes=settings.autoscale.dedicated_nodes,
    )
    spec = PoolSpec(
        pool_id=settings.pool.pool_id,
        vm_size=settings.pool.vm_size,
        policy=policy,
        image=settings.pool.scoring_image,
        registry_server=settings.pool.registry_server,
        identity=settings.pool.node_identity,
        mounts=tuple(mounted(settings)),
    )
    pool = only(resources(size, option), "Microsoft.Batch/batchAccounts/pools")
    made = spec.resource(policy.formula())
    body = json.loads(json.dumps(pool.body, default=str))
    del body["properties"]["networkConfiguration"]  # which the product does not set
    made["properties"].setdefault("mountConfiguration", [])
    assert (pool.names[-1], body) == (spec.pool_id, made)


def mounted(settings: Settings) -> Iterator[BlobMount]:
    """Yield what the settings say is mounted, from the account of the deployment."""
    account = only(resources(15, "private"), "Microsoft.Storage/storageAccounts").names[-1]
    store = cast("BlobStore", SimpleNamespace(account_name=account))
    for mount in mounts_of(settings):
        assert isinstance(mount, BlobMount)
        yield replace(mount, account=store)


def test_airflows_environment_is_made_of_settings_that_there_are() -> None:
    """And each connection of the vault has the name that the settings ask for."""
    environment = deployment(15, "public").outputs["environment"]()
    variables = {entry.variable for entry in all_settings()}
    own = {name for name in environment if name.startswith("SENSOR_SCORING_")}
    assert own <= variables
    assert json.loads(environment["AIRFLOW__SECRETS__BACKEND_KWARGS"])["vault_url"]
    secrets = [
        each for each in resources(15, "public") if each.kind.name == "Microsoft.KeyVault/vaults/secrets"
    ]
    hub = environment["SENSOR_SCORING_EVENT_HUB_CONN_ID"]
    names = {each.names[-1].removeprefix("airflow-connections-").replace("-", "_") for each in secrets}
    connections = Settings().connections
    assert names == {connections.batch_conn_id, connections.wasb_conn_id, hub, "application_insights_default"}
    types = {json.loads(each.body["properties"]["value"])["conn_type"] for each in secrets}
    assert types == {"azure_batch", "wasb", "azure_event_hub", "generic"}


def test_the_stream_analytics_job_is_the_one_that_runs_on_a_laptop() -> None:
    """The very query, and the very inputs, output and policies, with names in the places of parameters."""
    folder = ROOT / "ingest" / "stream_analytics"
    job = only(resources(20000, "private"), "Microsoft.StreamAnalytics/streamingjobs").body["properties"]
    wanted = json.loads((folder / "job.json").read_text())
    transformation, _ = job["transformation"], wanted.pop("transformation")
    assert transformation["properties"] == {
        "query": (folder / "query.asaql").read_text(),
        "streamingUnits": 20,
    }
    text = json.dumps({name: value for name, value in job.items() if name != "transformation"})
    assert "[parameters" not in text
    assert "[variables" not in text
    pattern = re.escape(json.dumps(wanted))
    for parameter in re.findall(r"\[parameters\('(\w+)'\)\]", json.dumps(wanted)):
        pattern = pattern.replace(re.escape(f"[parameters('{parameter}')]"), "[a-z0-9-]+")
    assert re.fullmatch(pattern, text)


def test_names_are_as_long_as_the_services_allow() -> None:
    """With the longest prefix: no model says so, and a deployment would fail half-way."""
    environ = {**NEEDED, "PREFIX": "abcdefghi"}
    template, arguments = read_parameters(INFRA / "sizes" / "15.bicepparam", environ)
    names = {each.kind.name: each.names[-1] for each in Deployment(template, arguments, Scene()).resources()}
    for kind, form in NAMES.items():
        assert re.fullmatch(form, names[kind]), (kind, names[kind])
    with pytest.raises(TemplateFault, match="'abcdefghij', which is out of bounds"):
        Deployment(template, {**arguments, "prefix": "abcdefghij"}, Scene())


def test_no_node_has_a_public_address_in_a_network_of_its_own() -> None:
    """They leave through the NAT gateway, and the subnet is the network's."""
    for option in ("nat", "private"):
        found = resources(15, option)
        network = only(found, "Microsoft.Batch/batchAccounts/pools").body["properties"][
            "networkConfiguration"
        ]
        assert network["publicIPAddressConfiguration"] == {"provision": "NoPublicIPAddresses"}
        (subnet,) = [
            each
            for each in only(found, "Microsoft.Network/virtualNetworks").body["properties"]["subnets"]
            if network["subnetId"].endswith(f"/subnets/{each['name']}")
        ]
        assert subnet["properties"]["natGateway"]["id"] == only(found, "Microsoft.Network/natGateways").id
        assert subnet["properties"]["defaultOutboundAccess"] is False


def test_private_endpoints_lead_to_all_that_is_closed() -> None:
    """Each service that refuses the public has an endpoint, and its name is resolved in the network."""
    found = resources(15, "private")
    ends = [
        each.body["properties"] for each in found if each.kind.name == "Microsoft.Network/privateEndpoints"
    ]
    reached = {end["privateLinkServiceConnections"][0]["properties"]["privateLinkServiceId"] for end in ends}
    kinds = {
        "Microsoft.Storage/storageAccounts", "Microsoft.Batch/batchAccounts", "Microsoft.KeyVault/vaults",
        "Microsoft.ContainerRegistry/registries", "Microsoft.EventHub/namespaces",
    }  # fmt: skip
    assert reached == {each.id for each in found if each.kind.name in kinds}
    zones = {each.id for each in found if each.kind.name == "Microsoft.Network/privateDnsZones"}
    named = {
        config["properties"]["privateDnsZoneId"]
        for each in found
        if each.kind.name.endswith("/privateDnsZoneGroups")
        for config in each.body["properties"]["privateDnsZoneConfigs"]
    }
    assert named == zones
    linked = [each for each in found if each.kind.name.endswith("/virtualNetworkLinks")]
    assert len(linked) == len(zones)
