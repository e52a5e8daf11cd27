"""Environment variables of a scoring process that hold the URLs of the containers.

A URL may contain a shared access signature as its query; without one, the process uses the managed identity
of its machine (``AZURE_CLIENT_ID`` selects one of several). A ``file://`` URL names a mounted folder. Secrets
are passed in the environment only, never in a command line or a manifest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract.errors import InvocationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring_contract.layout import Container


def variable_of(container: Container) -> str:
    """Return the name of the variable with a container's URL: ``SCORING_DATA_URL`` and so on."""
    return f"SCORING_{container.name}_URL"


def url_of(container: Container, environ: Mapping[str, str]) -> str:
    """Return a container's URL.

    :raises InvocationError: if its variable is not set
    """
    url = environ.get(variable_of(container), "")
    if not url:
        raise InvocationError(f"the environment variable {variable_of(container)} is not set")
    return url
