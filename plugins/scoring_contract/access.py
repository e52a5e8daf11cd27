"""How a scoring process is told where the containers are: one environment variable each.

The value is the container's URL. It may carry a shared access signature as its query; without one, the
process uses the identity of the machine it runs on (``AZURE_CLIENT_ID`` picks one of several). A ``file://``
URL names a mounted folder. Secrets travel in the environment only: never in a command line or a manifest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract.errors import InvocationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring_contract.layout import Container


def variable_of(container: Container) -> str:
    """Name the variable that holds a container's URL: ``SCORING_DATA_URL`` and so on."""
    return f"SCORING_{container.name}_URL"


def url_of(container: Container, environ: Mapping[str, str]) -> str:
    """Return a container's URL.

    :raises InvocationError: if the environment does not name it
    """
    url = environ.get(variable_of(container), "")
    if not url:
        raise InvocationError(f"the environment variable {variable_of(container)} is not set")
    return url
