"""Networks and machines of pools that the documentation answers with 400."""

from __future__ import annotations

from typing import Any

import pytest

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.wire.bodies.machine_bodies import MACHINE
from azure_batch_emulator.wire.bodies.network_bodies import NETWORK
from azure_batch_emulator.wire.bodies.pool_bodies import POOL_PATCH

IMAGE = {"publisher": "p", "offer": "o", "sku": "s"}
GALLERY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/x/images/i"
SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/n"


def endpoint(name: str = "ssh", backend: int = 22, first: int = 40_000, last: int = 40_100) -> dict[str, Any]:
    """Describe an endpoint."""
    return {
        "name": name,
        "protocol": "TCP",
        "backendPort": backend,
        "frontendPortRangeStart": first,
        "frontendPortRangeEnd": last,
    }


def rule(priority: int, *ports: str, source: str = "10.0.0.0/8") -> dict[str, Any]:
    """Describe a rule."""
    return {
        "priority": priority,
        "access": "allow",
        "sourceAddressPrefix": source,
        "sourcePortRanges": [*ports],
    }


def network(*endpoints: dict[str, Any], **others: Any) -> dict[str, Any]:
    """Describe a network."""
    return {"endpointConfiguration": {"inboundNATPools": [*endpoints]}, **others}


@pytest.mark.parametrize(
    "body",
    [
        network(endpoint()),
        network(endpoint(first=1, last=40), endpoint("b", 80, 41, 80)),
        network({**endpoint(), "networkSecurityGroupRules": [rule(150, "*"), rule(4096, "1-2", "3")]}),
        network({**endpoint(), "networkSecurityGroupRules": [rule(150, source="Internet")]}),
        {"subnetId": SUBNET},
        {"publicIPAddressConfiguration": {"provision": "BatchManaged", "ipFamilies": ["IPv4", "IPv6"]}},
    ],
)
def test_documented_networks_are_taken(body: dict[str, Any]) -> None:
    """What the documentation allows is stored, with enumerations spelled as the service does."""
    assert NETWORK(body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(network(endpoint(backend=29_876)), id="port-of-the-agent"),
        pytest.param(network(endpoint(backend=0)), id="no-port"),
        pytest.param(network(endpoint(backend=65_536)), id="port-too-high"),
        pytest.param(network(endpoint(first=50_000, last=50_100)), id="reserved-frontend-ports"),
        pytest.param(network(endpoint(first=49_990, last=55_010)), id="range-around-reserved-ports"),
        pytest.param(network(endpoint(last=65_535)), id="frontend-port-too-high"),
        pytest.param(network(endpoint(last=40_038)), id="fewer-than-40-ports"),
        pytest.param(network(endpoint(first=40_100, last=40_000)), id="backwards"),
        pytest.param(network(endpoint(), endpoint("SSH", 80, 1000, 2000)), id="doubled-name"),
        pytest.param(network(endpoint(), endpoint("b", 22, 1000, 2000)), id="doubled-backend-port"),
        pytest.param(network(endpoint(), endpoint("b", 80, 40_100, 41_000)), id="overlapping-ranges"),
        pytest.param(network(endpoint("-ssh")), id="name-begins-with-hyphen"),
        pytest.param(network(endpoint("ssh.")), id="name-ends-with-period"),
        pytest.param(network(endpoint("x" * 78)), id="name-too-long"),
        pytest.param(
            network(*(endpoint(f"e{n}", n + 1, n * 100 + 1, n * 100 + 50) for n in range(6))),
            id="six-endpoints",
        ),
        pytest.param(
            network({**endpoint(), "networkSecurityGroupRules": [rule(n + 150) for n in range(26)]}),
            id="26-rules",
        ),
        pytest.param(
            network({**endpoint(), "networkSecurityGroupRules": [rule(200), rule(200)]}),
            id="doubled-priority",
        ),
        pytest.param(network({**endpoint(), "networkSecurityGroupRules": [rule(149)]}), id="low-priority"),
        pytest.param(
            network({**endpoint(), "networkSecurityGroupRules": [rule(200, "1-9", "9")]}),
            id="overlapping-source-ports",
        ),
        pytest.param(
            network({**endpoint(), "networkSecurityGroupRules": [rule(200, source="1.2.3.4.5")]}),
            id="no-address",
        ),
        pytest.param(
            network(endpoint(), publicIPAddressConfiguration={"provision": "noPublicIPAddresses"}),
            id="endpoints-without-addresses",
        ),
        pytest.param({"publicIPAddressConfiguration": {"ipFamilies": ["IPv6"]}}, id="ipv6-alone"),
        pytest.param({"subnetId": "my-subnet"}, id="subnet-by-name"),
        pytest.param({"subnetId": SUBNET.replace("/subnets/n", "")}, id="subnet-without-subnet"),
    ],
)
def test_other_networks_are_refused(body: dict[str, Any]) -> None:
    """Reserved, duplicate and overlapping ports, duplicate names and dangling ids give 400."""
    with pytest.raises(ApiError) as refused:
        NETWORK(body)
    assert (refused.value.status, refused.value.code) == (400, "InvalidPropertyValue")


@pytest.mark.parametrize(
    "image",
    [
        {"virtualMachineImageId": GALLERY},
        {"virtualMachineImageId": f"{GALLERY}/versions/1.2.3"},
        {"communityGalleryImageId": "/CommunityGalleries/g/Images/i/Versions/latest"},
        {**IMAGE, "version": "latest"},
    ],
)
def test_documented_images_are_taken(image: dict[str, Any]) -> None:
    """An image is from the marketplace or has an id."""
    assert MACHINE({"imageReference": image, "nodeAgentSKUId": "batch.node.ubuntu 24.04"})


@pytest.mark.parametrize(
    "change",
    [
        {"imageReference": {"virtualMachineImageId": "my-image"}},
        {"imageReference": {"virtualMachineImageId": GALLERY, "publisher": "p"}},
        {"imageReference": {"virtualMachineImageId": GALLERY, "sharedGalleryImageId": "x"}},
        {"imageReference": {"publisher": "p", "offer": "o"}},
        {"imageReference": {}},
        {"windowsConfiguration": {"enableAutomaticUpdates": True}},
        {"dataDisks": [{"lun": 64, "diskSizeGB": 1}]},
        {"dataDisks": [{"lun": 1, "diskSizeGB": 1}, {"lun": 1, "diskSizeGB": 1}]},
    ],
)
def test_other_machines_are_refused(change: dict[str, Any]) -> None:
    """Two images or none, settings of another system and duplicate disks give 400."""
    with pytest.raises(ApiError) as refused:
        MACHINE({"imageReference": IMAGE, "nodeAgentSKUId": "batch.node.ubuntu 24.04", **change})
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "body",
    [
        {"applicationPackageReferences": [{"applicationId": f"a{n}"} for n in range(11)]},
        {"userAccounts": [{"name": "u" * 21, "password": "p"}]},
        {"userAccounts": [{"name": "u", "password": "p", "linuxUserConfiguration": {"uid": 1}}]},
        {"startTask": {"commandLine": "x", "userIdentity": {"username": "u", "autoUser": {}}}},
        {"upgradePolicy": {"mode": "rolling", "rollingUpgradePolicy": {"maxBatchInstancePercent": 4}}},
        {"metadata": [{"name": "n", "value": "v\0"}]},
    ],
)
def test_limits_of_pools_are_held(body: dict[str, Any]) -> None:
    """For example, eleven packages or a name of 21 characters give 400."""
    with pytest.raises(ApiError) as refused:
        POOL_PATCH(body)
    assert refused.value.status == 400
