"""Types of resources that the templates may use: their models, and the API version that these describe."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from infra.check.models import folder_of, model

if TYPE_CHECKING:
    from infra.check.models import Model

_VERSION = re.compile(r"api[_-]version\b[^\n]*?[\"'](\d{4}-\d\d-\d\d(?:-preview)?)[\"']")
_PATH = re.compile(r"""["'][^"'\s]*/providers/([^"'\s]+)["']""")


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type and its models.

    :param package: below ``azure.mgmt``
    :param created: model of what is sent
    :param read: model of what is there afterwards
    """

    name: str
    package: str
    created: str
    read: str

    @property
    def body(self) -> Model:
        """What may be sent."""
        return model(self.package, self.created)

    @property
    def answer(self) -> Model:
        """What there is afterwards."""
        return model(self.package, self.read)

    @property
    def api_version(self) -> str:
        """The version that the models describe.

        :raises LookupError: if the package has no request that makes one
        """
        try:
            return _versions(self.package)[self.name.lower()]
        except KeyError as error:
            raise LookupError(f"azure.mgmt.{self.package} makes no {self.name}") from error


@cache
def _versions(package: str) -> dict[str, str]:
    """Return the API version with which a package makes each of its types, read from its source."""
    found = {}
    for file in sorted((folder_of(package) / "operations").glob("*.py")):
        for request in file.read_text().partition("\nclass ")[0].split("\ndef build_"):
            version, path = _VERSION.search(request), _PATH.search(request)
            if version and path and re.search(r"method=[\"']PUT", request):
                namespace, *segments = path[1].split("/")
                found["/".join((namespace, *segments[::2])).lower()] = version[1]
    return found


_MODELS = {
    ("Microsoft.Authorization", "authorization.v2022_04_01"): {
        "roleAssignments": ("RoleAssignmentCreateParameters", "RoleAssignment"),
    },
    ("Microsoft.Batch", "batch"): {
        "batchAccounts": ("BatchAccountCreateParameters", "BatchAccount"),
        "batchAccounts/pools": ("Pool", "Pool"),
    },
    ("Microsoft.ContainerRegistry", "containerregistry"): {
        "registries": ("Registry", "Registry"),
    },
    ("Microsoft.EventHub", "eventhub"): {
        "namespaces": ("EHNamespace", "EHNamespace"),
        "namespaces/eventhubs": ("Eventhub", "Eventhub"),
        "namespaces/eventhubs/consumergroups": ("ConsumerGroup", "ConsumerGroup"),
        "namespaces/networkRuleSets": ("NetworkRuleSet", "NetworkRuleSet"),
    },
    ("Microsoft.Insights", "monitor"): {
        "actionGroups": ("ActionGroupResource", "ActionGroupResource"),
        "scheduledQueryRules": ("ScheduledQueryRuleResource", "ScheduledQueryRuleResource"),
    },
    ("Microsoft.Insights", "applicationinsights.v2020_02_02"): {
        "components": ("ApplicationInsightsComponent", "ApplicationInsightsComponent"),
    },
    ("Microsoft.Insights", "applicationinsights.v2023_06_01"): {
        "workbooks": ("Workbook", "Workbook"),
    },
    ("Microsoft.KeyVault", "keyvault"): {
        "vaults": ("VaultCreateOrUpdateParameters", "Vault"),
        "vaults/secrets": ("SecretCreateOrUpdateParameters", "Secret"),
    },
    ("Microsoft.ManagedIdentity", "msi.v2024_11_30"): {
        "userAssignedIdentities": ("Identity", "Identity"),
    },
    ("Microsoft.Network", "network"): {
        "natGateways": ("NatGateway", "NatGateway"),
        "networkSecurityGroups": ("NetworkSecurityGroup", "NetworkSecurityGroup"),
        "privateEndpoints": ("PrivateEndpoint", "PrivateEndpoint"),
        "privateEndpoints/privateDnsZoneGroups": ("PrivateDnsZoneGroup", "PrivateDnsZoneGroup"),
        "publicIPAddresses": ("PublicIPAddress", "PublicIPAddress"),
        "virtualNetworks": ("VirtualNetwork", "VirtualNetwork"),
        "virtualNetworks/subnets": ("Subnet", "Subnet"),
    },
    ("Microsoft.Network", "privatedns"): {
        "privateDnsZones": ("PrivateZone", "PrivateZone"),
        "privateDnsZones/virtualNetworkLinks": ("VirtualNetworkLink", "VirtualNetworkLink"),
    },
    ("Microsoft.OperationalInsights", "loganalytics"): {
        "workspaces": ("Workspace", "Workspace"),
    },
    ("Microsoft.Storage", "storage"): {
        "storageAccounts": ("StorageAccountCreateParameters", "StorageAccount"),
        "storageAccounts/blobServices": ("BlobServiceProperties", "BlobServiceProperties"),
        "storageAccounts/blobServices/containers": ("BlobContainer", "BlobContainer"),
        "storageAccounts/managementPolicies": ("ManagementPolicy", "ManagementPolicy"),
    },
    ("Microsoft.StreamAnalytics", "streamanalytics"): {
        "streamingjobs": ("StreamingJob", "StreamingJob"),
    },
}
"""By namespace and package: a type, the model of what is sent, and that of what is there afterwards."""
RESOURCE_TYPES = {
    f"{namespace}/{kind}": ResourceType(f"{namespace}/{kind}", package, *models)
    for (namespace, package), kinds in _MODELS.items()
    for kind, models in kinds.items()
}
