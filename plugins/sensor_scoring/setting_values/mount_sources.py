"""What a setting of a mount names, and where it appears on a node. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scoring_contract.layout import Container

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensor_scoring.settings import Settings

BLOB = "blob"
_SHARE = r"https://(?P<account>[a-z0-9]{3,24})\.file\.[a-z0-9.-]+/[a-z0-9-]{3,63}"
_EXPORT = r"(?P<server>[A-Za-z0-9.-]+):/(?!/)[A-Za-z0-9._/-]*"
FORM = f"({BLOB}|{_SHARE}|{_EXPORT})?"
"""Regular expression of the settings."""


def share_account(source: str) -> str:
    """Return the account of a share of Azure Files; empty if it is none."""
    found = re.fullmatch(_SHARE, source)
    return found["account"] if found else ""


def nfs_server(source: str) -> str:
    """Return the server of an export of NFS; empty if it is none."""
    found = re.fullmatch(_EXPORT, source)
    return found["server"] if found else ""


def mount_paths(settings: Settings) -> Mapping[Container, str]:
    """Return where nodes have the mounted containers, below their folder of mounts."""
    sources = {Container.DATA: settings.mounts.data_mount, Container.MODELS: settings.mounts.models_mount}
    return {container: container.value for container, source in sources.items() if source}
