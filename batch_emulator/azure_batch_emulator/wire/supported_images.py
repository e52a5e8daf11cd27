"""What ``supportedimages`` lists: what the documentation's samples ask for, or what a file says."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError, BadSetting
from azure_batch_emulator.wire.bodies.kinds import choice, moment, text, word
from azure_batch_emulator.wire.bodies.machine_bodies import IMAGE_REFERENCE
from azure_batch_emulator.wire.bodies.schema import Schema, every

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_IMAGES = every(
    Schema(
        {
            "nodeAgentSKUId": word,
            "imageReference": IMAGE_REFERENCE,
            "osType": choice("linux", "windows"),
            "capabilities": every(text),
            "batchSupportEndOfLife": moment,
            "verificationType": choice("verified", "unverified"),
        },
        required="nodeAgentSKUId imageReference osType verificationType",
    )
)
_PARTS = ("publisher", "offer", "sku", "version")
_CONTAINERS = ("DockerCompatible",)
_END_OF_22_04 = "2027-06-30T00:00:00Z"
_KNOWN: Sequence[tuple[str, str, str, str, tuple[str, ...], str | None]] = (
    ("canonical", "ubuntu-24_04-lts", "server", "ubuntu 24.04", (), None),
    ("canonical", "0001-com-ubuntu-server-jammy", "22_04-lts", "ubuntu 22.04", (), _END_OF_22_04),
    ("microsoft-dsvm", "ubuntu-hpc", "2204", "ubuntu 22.04", (*_CONTAINERS, "IntelMPI"), _END_OF_22_04),
    ("microsoft-dsvm", "ubuntu-hpc", "2404", "ubuntu 24.04", _CONTAINERS, None),
    ("canonical", "0001-com-ubuntu-server-focal", "20_04-lts", "ubuntu 20.04", (), None),
    ("canonical", "ubuntuserver", "18.04-lts", "ubuntu 18.04", (), None),
    ("openlogic", "centos-hpc", "7.4", "centos 7", (), None),
    ("almalinux", "almalinux-x86_64", "9-gen2", "el 9", (), None),
    ("debian", "debian-12", "12", "debian 12", (), None),
    ("microsoftwindowsserver", "windowsserver", "2019-datacenter-core", "windows amd64", (), None),
    ("microsoftwindowsserver", "windowsserver", "2022-datacenter", "windows amd64", (), None),
)
"""Publisher, offer, SKU, node agent, capabilities and the end of support."""


def supported_images(file: Path | None) -> Sequence[Mapping[str, Any]]:
    """List the images a pool can be made of; nodes here run whatever the machine has.

    :param file: JSON file with the list, as the service would answer it
    """
    return _known() if file is None else read(file)


@lru_cache
def read(file: Path) -> Sequence[Mapping[str, Any]]:
    """Read a list of images.

    :raises BadSetting: if it is none
    """
    try:
        content = json.loads(file.read_bytes())
        return list(_IMAGES(content.get("value") if isinstance(content, dict) else content, "value"))
    except (OSError, ValueError) as problem:
        raise BadSetting(f"{file} holds no list of images: {problem}") from None
    except ApiError as error:
        facts = ", ".join(f"{name} {value}" for name, value in error.values)
        raise BadSetting(f"{file} holds no list of images: {facts}") from None


@lru_cache
def _known() -> Sequence[Mapping[str, Any]]:
    return [_image(facts[:3], *facts[3:]) for facts in _KNOWN]


def _image(
    image: tuple[str, str, str], agent: str, capabilities: tuple[str, ...], end: str | None
) -> Mapping[str, Any]:
    return {
        "nodeAgentSKUId": f"batch.node.{agent}",
        "imageReference": dict(zip(("publisher", "offer", "sku"), image, strict=True))
        | {"version": "latest"},
        "osType": "windows" if agent.startswith("windows") else "linux",
        "capabilities": list(capabilities),
        **({} if end is None else {"batchSupportEndOfLife": end}),
        "verificationType": "verified",
    }
