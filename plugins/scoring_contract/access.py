"""Environment variables of a scoring process that hold the URLs of the containers.

A URL may contain a shared access signature as its query; without one, the process uses the managed identity
of its machine (``AZURE_CLIENT_ID`` selects one of several). A ``mount:`` URL names a folder that the node
mounts, a ``file://`` URL any other folder. Secrets are passed in the environment only, never in a command
line or a manifest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract.errors import InvocationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring_contract.layout import Container

MOUNTS_VARIABLE = "AZ_BATCH_NODE_MOUNTS_DIR"
"""Variable with the folder of a node's mounts; Azure Batch sets it."""
MOUNT_SCHEME = "mount"


def variable_of(container: Container) -> str:
    """Return the name of the variable with a container's URL: ``SCORING_DATA_URL`` and so on."""
    return f"SCORING_{container.name}_URL"


def mount_url(path: str) -> str:
    """Return the URL of a mount: ``mount:data``.

    :param path: folder below that of ``MOUNTS_VARIABLE``, which only the node knows
    """
    return f"{MOUNT_SCHEME}:{path}"


def url_of(container: Container, environ: Mapping[str, str]) -> str:
    """Return a container's URL.

    :raises InvocationError: if its variable is not set
    """
    return _set(variable_of(container), environ)


def mounts_folder(environ: Mapping[str, str]) -> str:
    """Return the folder of the node's mounts.

    :raises InvocationError: if its variable is not set
    """
    return _set(MOUNTS_VARIABLE, environ)


def _set(variable: str, environ: Mapping[str, str]) -> str:
    value = environ.get(variable, "")
    if not value:
        raise InvocationError(f"the environment variable {variable} is not set")
    return value
