"""The body of ``virtualMachineConfiguration``: image, disks, extensions, security, containers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.wire.bodies.kinds import (
    between,
    choice,
    natural,
    resource,
    switch,
    text,
    word,
    wrong,
)
from azure_batch_emulator.wire.bodies.schema import Schema, every, free, join
from azure_batch_emulator.wire.bodies.task_bodies import IDENTITY, REGISTRY

if TYPE_CHECKING:
    from collections.abc import Mapping

_GALLERY = "providers/Microsoft.Compute/galleries/{}/images/{}"
_MARKETPLACE = ("publisher", "offer", "sku", "version")
_IMAGE_IDS = ("virtualMachineImageId", "sharedGalleryImageId", "communityGalleryImageId")
_HIGHEST_LUN = 63


def _one_image(image: Mapping[str, Any], path: str) -> None:
    """Hold an image against the rule that it is one of the marketplace's, or has an id, not both."""
    named = [name for name in _IMAGE_IDS if name in image]
    on_the_market = [name for name in _MARKETPLACE if name in image]
    if len(named) > 1 or (named and on_the_market):
        raise wrong(join(path, named[0]), image[named[0]], "it excludes the other properties of an image")
    missing = [name for name in ("publisher", "offer", "sku") if name not in image]
    if not named and missing:
        reason = f"publisher, offer and sku are needed, or one of {', '.join(_IMAGE_IDS)}"
        raise wrong(join(path, missing[0]), None, reason)


def _for_its_system(machine: Mapping[str, Any], path: str) -> None:
    """Hold a machine against the rule that settings of Windows are for agents of Windows."""
    agent = machine["nodeAgentSKUId"]
    if "windowsConfiguration" in machine and "windows" not in agent.lower():
        raise wrong(join(path, "windowsConfiguration"), agent, "not allowed for an image of Linux")


def _distinct_units(machine: Mapping[str, Any], path: str) -> None:
    units = [disk["lun"] for disk in machine.get("dataDisks") or ()]
    if len(set(units)) < len(units):
        raise wrong(join(path, "dataDisks"), units, "each disk needs a logical unit number of its own")


IMAGE_REFERENCE = Schema(
    {
        "publisher": word,
        "offer": word,
        "sku": word,
        "version": word,
        "virtualMachineImageId": resource(
            f"{_GALLERY}/versions/{{}}", _GALLERY, "providers/Microsoft.Compute/images/{}"
        ),
        "sharedGalleryImageId": word,
        "communityGalleryImageId": word,
    },
    rules=(_one_image,),
)
_STORAGE = choice("standard_lrs", "premium_lrs", "standardssd_lrs")
_CACHING = choice("none", "readonly", "readwrite")
_DISK_ENCRYPTION_SET = Schema({"id": text})
DISK_SECURITY = Schema(
    {"securityEncryptionType": choice("DiskWithVMGuestState", "NonPersistedTPM", "VMGuestStateOnly")}
)
MANAGED_DISK = Schema(
    {
        "storageAccountType": _STORAGE,
        "diskEncryptionSet": _DISK_ENCRYPTION_SET,
        "securityProfile": DISK_SECURITY,
    }
)
DATA_DISK = Schema(
    {
        "lun": between(0, _HIGHEST_LUN),
        "caching": _CACHING,
        "diskSizeGB": natural,
        "managedDisk": MANAGED_DISK,
        "storageAccountType": _STORAGE,  # where it stood before 2025-06-01
    },
    required="lun diskSizeGB",
)
OS_DISK = Schema(
    {
        "ephemeralOSDiskSettings": Schema({"placement": choice("cachedisk")}),
        "caching": _CACHING,
        "diskSizeGB": natural,
        "managedDisk": MANAGED_DISK,
        "writeAcceleratorEnabled": switch,
    }
)
_DISK_ENCRYPTION = Schema(
    {
        "customerManagedKey": Schema(
            {"identityReference": IDENTITY, "keyUrl": text, "rotationToLatestKeyVersionEnabled": switch}
        ),
        "targets": every(choice("osdisk", "temporarydisk")),
    }
)
_HOST_ENDPOINT = Schema(
    {"inVMAccessControlProfileReferenceId": text, "mode": choice("Audit", "Enforce")},
)
_SECURITY = Schema(
    {
        "encryptionAtHost": switch,
        "proxyAgentSettings": Schema(
            {"enabled": switch, "imds": _HOST_ENDPOINT, "wireServer": _HOST_ENDPOINT}
        ),
        "securityType": choice("trustedLaunch", "confidentialvm"),
        "uefiSettings": Schema({"secureBootEnabled": switch, "vTpmEnabled": switch}),
    }
)
_EXTENSION = Schema(
    {
        "name": word,
        "publisher": word,
        "type": word,
        "typeHandlerVersion": text,
        "autoUpgradeMinorVersion": switch,
        "enableAutomaticUpgrade": switch,
        "settings": free,
        "protectedSettings": free,
        "provisionAfterExtensions": every(text),
    },
    required="name publisher type",
)
_CONTAINERS = Schema(
    {
        "type": choice("dockerCompatible", "criCompatible"),
        "containerImageNames": every(word),
        "containerRegistries": every(REGISTRY),
    },
    required="type",
)
MACHINE = Schema(
    {
        "imageReference": IMAGE_REFERENCE,
        "nodeAgentSKUId": word,
        "windowsConfiguration": Schema({"enableAutomaticUpdates": switch}),
        "dataDisks": every(DATA_DISK),
        "licenseType": text,
        "containerConfiguration": _CONTAINERS,
        "diskEncryptionConfiguration": _DISK_ENCRYPTION,
        "nodePlacementConfiguration": Schema({"policy": choice("regional", "zonal")}),
        "extensions": every(_EXTENSION),
        "osDisk": OS_DISK,
        "securityProfile": _SECURITY,
        "serviceArtifactReference": Schema({"id": word}, required="id"),
    },
    required="imageReference nodeAgentSKUId",
    rules=(_for_its_system, _distinct_units),
)
