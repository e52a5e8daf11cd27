"""Environment variables of a scoring process that hold the URLs of the containers.

A URL may contain a shared access signature as its query; without one, the process uses the managed identity
of its machine (``AZURE_CLIENT_ID`` selects one of several). A ``mount:`` URL names a folder that the node
mounts, a ``file://`` URL any other folder. Secrets are passed in the environment only, never in a command
line or a manifest.

A process that needs only some blobs of a container may get a signature for each instead:
``SCORING_DATA_BLOBS`` in place of ``SCORING_DATA_URL``. A scorer of before this misses the other and says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from scoring_contract.errors import InvocationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring_contract.layout import Container

MOUNTS_VARIABLE = "AZ_BATCH_NODE_MOUNTS_DIR"
"""Variable with the folder of a node's mounts; Azure Batch sets it."""
MOUNT_SCHEME = "mount"


@dataclass(frozen=True, slots=True)
class SignedBlobs:
    """Some blobs of a container, with a signature each: ``{"url": "https://...", "signatures": {...}}``."""

    url: str
    """The container's, without a signature."""
    signatures: Mapping[str, str] = field(repr=False)
    """Blob to the query of its URL: a secret."""

    def to_text(self) -> str:
        """Return the value of the variable."""
        return json.dumps({"url": self.url, "signatures": dict(self.signatures)}, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str, *, name: str) -> Self:
        """Read the value of a variable.

        :param name: the variable, for errors; the value is never quoted
        :raises InvocationError: if it has another form
        """
        try:
            value = json.loads(text)
            url, signatures = str(value["url"]), dict(value["signatures"])
        except (ValueError, RecursionError, TypeError, KeyError):
            # No cause: it would quote the value.
            raise InvocationError(f"the variable {name} does not hold the signatures of blobs") from None
        return cls(url, {blob: str(signature) for blob, signature in signatures.items()})


def variable_of(container: Container) -> str:
    """Return the name of the variable with a container's URL: ``SCORING_DATA_URL`` and so on."""
    return f"SCORING_{container.name}_URL"


def blobs_variable(url_variable: str) -> str:
    """Return the variable that stands in for a container's: ``SCORING_DATA_BLOBS``."""
    return f"{url_variable.removesuffix('_URL')}_BLOBS"


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


def signed_blobs_of(container: Container, environ: Mapping[str, str]) -> SignedBlobs | None:
    """Return the blobs of a container that the process may use; None if it has the container's URL.

    :raises InvocationError: if their variable cannot be read
    """
    name = blobs_variable(variable_of(container))
    text = environ.get(name, "")
    return SignedBlobs.from_text(text, name=name) if text else None


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
