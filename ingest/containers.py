"""Clients of containers, by their URLs on command lines and in the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from azure.storage.blob import ContainerClient

if TYPE_CHECKING:
    from collections.abc import Mapping

URL_VARIABLE = "INGEST_DATA_URL"
"""Holds the URL of the ``data`` container, with or without a shared access signature."""

MODELS_URL_VARIABLE = "INGEST_MODELS_URL"
"""Holds the URL of the ``models`` container, likewise; only ``--packed`` needs it."""

KEY_VARIABLE = "AZURE_STORAGE_KEY"
"""Holds the key of a storage emulator's account, as for the Azure CLI; Azurite's default one is known."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_WELL_KNOWN = {
    "devstoreaccount1": (
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
    )
}
"""Azurite's default account and key, which are public:
https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key"""


def container_url(argument: str | None, environ: Mapping[str, str], option: str, variable: str) -> str:
    """Return the URL of a container.

    :raises ValueError: if there is none, or it has a signature and is an argument
    """
    if argument and urlsplit(argument).query:
        raise ValueError(f"a URL with a signature belongs in {variable}, not on the command line")
    url = argument or environ.get(variable, "")
    if not url:
        raise ValueError(f"neither {option} nor {variable} names the container")
    return url


def _emulator_key(url: str, environ: Mapping[str, str]) -> str:
    """Return the key of a storage emulator on this machine.

    :raises ValueError: if the URL is of another machine, or the account's key is unknown
    """
    parts = urlsplit(url)
    if parts.hostname not in _LOOPBACK:
        raise ValueError(f"{parts.hostname} is not this machine, and http is not encrypted: use https")
    key = environ.get(KEY_VARIABLE) or _WELL_KNOWN.get(parts.path.strip("/").partition("/")[0], "")
    if not key:
        raise ValueError(f"no identity can be used over http: set {KEY_VARIABLE} to the account's key")
    return key


def container_of(url: str, environ: Mapping[str, str]) -> ContainerClient:
    """Return a client of a container.

    :raises ValueError: if it needs a key that is not known
    """
    if urlsplit(url).query:
        return ContainerClient.from_container_url(url)
    if urlsplit(url).scheme == "http":
        # The SDK refuses to send a token without encryption.
        return ContainerClient.from_container_url(url, credential=_emulator_key(url, environ))
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - not needed with a signature

    return ContainerClient.from_container_url(url, credential=DefaultAzureCredential())
