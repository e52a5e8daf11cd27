"""What Azure Resource Manager spells otherwise than the data plane: properties and enumerations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.wire.bodies.schema import Schema, join

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.wire.bodies.kinds import Kind

OTHER_NAMES: Mapping[str, Mapping[str, str]] = {
    "virtualMachineConfiguration": {"nodeAgentSKUId": "nodeAgentSkuId"},
    "imageReference": {"virtualMachineImageId": "id"},
    "networkConfiguration": {"dynamicVNetAssignmentScope": "dynamicVnetAssignmentScope"},
    "endpointConfiguration": {"inboundNATPools": "inboundNatPools"},
    "userIdentity": {"username": "userName"},
    "cifsMountConfiguration": {"username": "userName"},
}
"""Per object, the data plane's name of a property and Resource Manager's."""
_VALUES: Mapping[str, tuple[str, ...]] = {
    "access": ("Allow", "Deny"),
    "caching": ("None", "ReadOnly", "ReadWrite"),
    "elevationLevel": ("NonAdmin", "Admin"),
    "jobDefaultOrder": ("None", "CreationTime"),
    "loginMode": ("Batch", "Interactive"),
    "nodeFillType": ("Spread", "Pack"),
    "placement": ("CacheDisk",),
    "policy": ("Regional", "Zonal"),
    "protocol": ("TCP", "UDP"),
    "provision": ("BatchManaged", "UserManaged", "NoPublicIPAddresses"),
    "scope": ("Task", "Pool"),
    "securityType": ("trustedLaunch", "confidentialVM"),
    "storageAccountType": ("Standard_LRS", "Premium_LRS", "StandardSSD_LRS"),
    "targetNodeCommunicationMode": ("Default", "Classic", "Simplified"),
    "targets": ("OsDisk", "TemporaryDisk"),
    "type": ("DockerCompatible", "CriCompatible"),
    "workingDirectory": ("TaskWorkingDirectory", "ContainerImageDefault"),
}
"""Per property, its values as Resource Manager spells them; elsewhere the two agree."""
_SPELLINGS = {name: {value.lower(): value for value in values} for name, values in _VALUES.items()}
_FREE_FORM = frozenset({"settings", "resourceTags"})
"""Objects in which a name means nothing to the service."""


def respelled(schema: Schema, names: Mapping[str, str], **kinds: Kind) -> Kind:
    """Take an object of a schema whose properties have other names; keep it under the schema's own.

    :param names: the schema's name of a property, and the one it has here
    :param kinds: other kinds of values for some properties, by the schema's names
    """
    inner = Schema({**schema.properties, **kinds}, required=" ".join(schema.required), rules=schema.rules)
    own_names = {other: own for own, other in names.items()}

    def kind(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            return inner(value, path)
        for own in names.keys() & value.keys():
            raise ApiError.bad_body("there is no such property", PropertyName=join(path, own))
        try:
            return inner({own_names.get(name, name): entry for name, entry in value.items()}, path)
        except ApiError as error:
            for own, other in names.items():
                error = error.at(join(path, own), join(path, other))
            raise error from None

    return kind


def as_resource(name: str, value: Any) -> Any:
    """Write what the data plane keeps as Resource Manager spells it.

    :param name: of the property that has the value
    """
    if name in _FREE_FORM:
        return value
    if isinstance(value, dict):
        others = OTHER_NAMES.get(name, {})
        return {others.get(each, each): as_resource(each, entry) for each, entry in value.items()}
    if isinstance(value, list):
        return [as_resource(name, entry) for entry in value]
    return _SPELLINGS.get(name, {}).get(value.lower(), value) if isinstance(value, str) else value
