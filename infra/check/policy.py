"""What no deployment may lack: nobody signs in with a key, and nothing is public by accident."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from infra.check.resources import Resource

_HOST = re.compile(
    r"(?<![\w.-])(?!privatelink\.)[\w.-]+\.(?:windows\.net|azure\.(?:com|net|cn)|azurecr\.io)\b"
)
"""Hosts of a cloud, but for the names of private endpoints, which Bicep has no word for."""
_KEYS = re.compile(r"\blist(?:Account|Service)?(?:Keys|Secrets|Credentials|Sas)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a property of a type must be.

    :param path: with dots
    :param value: what it must be
    :param is_private: whether only a private deployment needs it
    """

    type: str
    path: str
    value: Any
    is_private: bool = False


RULES = (
    Rule("Microsoft.Storage/storageAccounts", "properties.allowSharedKeyAccess", value=False),
    Rule("Microsoft.Storage/storageAccounts", "properties.allowBlobPublicAccess", value=False),
    Rule("Microsoft.Storage/storageAccounts", "properties.minimumTlsVersion", "TLS1_2"),
    Rule("Microsoft.Storage/storageAccounts", "properties.supportsHttpsTrafficOnly", value=True),
    Rule(
        "Microsoft.Storage/storageAccounts", "properties.networkAcls.defaultAction", "Deny", is_private=True
    ),
    Rule("Microsoft.Storage/storageAccounts/blobServices", "properties.isVersioningEnabled", value=True),
    Rule(
        "Microsoft.Storage/storageAccounts/blobServices",
        "properties.deleteRetentionPolicy.enabled",
        value=True,
    ),
    Rule("Microsoft.Storage/storageAccounts/blobServices/containers", "properties.publicAccess", "None"),
    Rule("Microsoft.Batch/batchAccounts", "properties.allowedAuthenticationModes", ["AAD"]),
    Rule("Microsoft.Batch/batchAccounts", "properties.publicNetworkAccess", "Disabled", is_private=True),
    Rule(
        "Microsoft.Batch/batchAccounts/pools",
        "properties.networkConfiguration.publicIPAddressConfiguration.provision",
        "NoPublicIPAddresses",
        is_private=True,
    ),
    Rule("Microsoft.ContainerRegistry/registries", "properties.adminUserEnabled", value=False),
    Rule("Microsoft.ContainerRegistry/registries", "properties.anonymousPullEnabled", value=False),
    Rule(
        "Microsoft.ContainerRegistry/registries",
        "properties.publicNetworkAccess",
        "Disabled",
        is_private=True,
    ),
    Rule("Microsoft.EventHub/namespaces", "properties.disableLocalAuth", value=True),
    Rule("Microsoft.EventHub/namespaces", "properties.minimumTlsVersion", "1.2"),
    Rule(
        "Microsoft.EventHub/namespaces/networkRuleSets", "properties.defaultAction", "Deny", is_private=True
    ),
    Rule("Microsoft.Insights/components", "properties.DisableLocalAuth", value=True),
    Rule("Microsoft.KeyVault/vaults", "properties.enableRbacAuthorization", value=True),
    Rule("Microsoft.KeyVault/vaults", "properties.enablePurgeProtection", value=True),
    Rule("Microsoft.KeyVault/vaults", "properties.enableSoftDelete", value=True),
    Rule("Microsoft.KeyVault/vaults", "properties.publicNetworkAccess", "Disabled", is_private=True),
)
EXCEPTIONS = {
    (
        "Microsoft.Insights/components",
        "properties.DisableLocalAuth",
    ): "the exporter signs in with the connection "
    "string alone: whoever has it can send false telemetry, and read nothing",
}
"""Rules that a deployment breaks, and why that is right."""


def policy_faults(resources: Iterable[Resource], *, is_private: bool) -> list[str]:
    """Say which rules a deployment breaks, and which exceptions it does not need, a sentence each."""
    found, excused = [], set()
    for resource in resources:
        for rule in RULES:
            if rule.type != resource.kind.name or (rule.is_private and not is_private):
                continue
            value = _at(resource.body, rule.path)
            if value == rule.value:
                continue
            if (rule.type, rule.path) in EXCEPTIONS:
                excused.add((rule.type, rule.path))
            else:
                found.append(
                    f"{resource.place}: {rule.type}: {rule.path} is {value!r}, and not {rule.value!r}"
                )
    return [*found, *(f"nothing needs the exception {' '.join(each)}" for each in set(EXCEPTIONS) - excused)]


def _at(body: Any, path: str) -> Any:
    for key in path.split("."):
        body = (body or {}).get(key)
    return body


def text_faults(file: Path) -> Iterator[str]:
    """Yield the lines of a file that ask for a key, or name a host of one cloud."""
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        code = line.partition("//")[0] if "'" not in line else line
        if _KEYS.search(code):
            yield f"{file.name}:{number}: it asks for a key"
        if hosts := _HOST.findall(code):
            yield f"{file.name}:{number}: it names the host {', '.join(hosts)}"
