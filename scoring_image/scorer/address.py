"""Container URLs: parsing them, and keeping their signatures out of any output. No network here.

======================================================  ==============================================
``https://acct.blob.core.windows.net/data?<SAS>``       Azure, with a shared access signature
``https://acct.blob.core.windows.net/data``             Azure, with the identity of the machine
``http://127.0.0.1:10000/devstoreaccount1/data?<SAS>``  Azurite: the account is the path's first part
``mount:data``                                          a folder below the node's folder of mounts
``file:///mnt/data``                                    any other folder
======================================================  ==============================================

Plain ``http`` exposes the signature on the network. It is accepted for loopback addresses and for the
development account, whose key is public
(https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from scorer.errors import OrderFault
from scoring_contract.access import MOUNT_SCHEME

if TYPE_CHECKING:
    from pathlib import Path
    from urllib.parse import SplitResult

DEVELOPMENT_ACCOUNT = "devstoreaccount1"

_MOUNT = re.compile(r"[A-Za-z0-9_-]{1,63}", re.ASCII)
_CONTAINER = re.compile(r"[a-z0-9$](?:-?[a-z0-9]){2,62}", re.ASCII)
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}", re.ASCII)
# Compiled on first use, which most processes never reach.
_URL_QUERY = r"(?i)(https?://[^\s?\"'<>]*)\?[^\s\"'<>]*"
_SIGNATURE = r"(?i)\b(sig|skoid|sktid|token|key)=[^&\s\"'<>]+"


@dataclass(frozen=True, slots=True)
class BlobAddress:
    """A container of a Blob service."""

    endpoint: str
    """``https://acct.blob.core.windows.net``, or ``http://127.0.0.1:10000/devstoreaccount1``."""
    account: str
    container: str
    signature: str = field(default="", repr=False)
    """Query of the URL; empty means the identity of the machine."""

    @property
    def is_plain_http(self) -> bool:
        """Whether requests travel unencrypted."""
        return self.endpoint.startswith("http://")


@dataclass(frozen=True, slots=True)
class FolderAddress:
    """A container that is mounted as a folder."""

    path: Path


@dataclass(frozen=True, slots=True)
class MountAddress:
    """A container that the node mounts."""

    path: str
    """Below the folder of its mounts."""


def address_of(url: str, *, name: str) -> BlobAddress | FolderAddress | MountAddress:
    """Parse a container's URL.

    :param name: the URL's name in errors, such as the variable it came from; the URL itself is never quoted
    :raises OrderFault: if the URL has none of the forms above
    """
    if not url.isprintable() or " " in url:
        raise OrderFault(f"{name} contains spaces or control characters")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise OrderFault(f"{name} is not a URL") from None  # the cause would quote the URL
    if parts.scheme == "file":
        return _folder(parts, name)
    if parts.scheme == MOUNT_SCHEME:
        return _mount(parts, name)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise OrderFault(f"{name} is no https://, mount: or file:// URL")
    return _blob_container(parts, name)


def without_secrets(text: str) -> str:
    """Return a text with the queries of its URLs, and signatures outside URLs, replaced by ``***``."""
    if "?" not in text and "=" not in text:
        return text
    return re.sub(_SIGNATURE, r"\1=***", re.sub(_URL_QUERY, r"\1?***", text))


def _folder(parts: SplitResult, name: str) -> FolderAddress:
    from pathlib import Path  # noqa: PLC0415  # scoring from a Blob service does not need it

    path = Path(unquote(parts.path))
    if parts.netloc not in {"", "localhost"} or not path.is_absolute() or parts.query or parts.fragment:
        raise OrderFault(f"{name} must name an absolute folder: file:///mnt/data")
    return FolderAddress(path)


def _mount(parts: SplitResult, name: str) -> MountAddress:
    if not _MOUNT.fullmatch(parts.path) or parts.netloc or parts.query or parts.fragment:
        raise OrderFault(f"{name} must name one folder of the node's mounts: mount:data")
    return MountAddress(parts.path)


def _blob_container(parts: SplitResult, name: str) -> BlobAddress:
    if "@" in parts.netloc or parts.fragment:
        raise OrderFault(f"{name} has a user name or a fragment, which no container URL has")
    if parts.query and "sig=" not in parts.query:
        raise OrderFault(f"{name} has a query that is not a shared access signature")
    endpoint = f"{parts.scheme}://{parts.netloc}"
    host = parts.hostname or ""
    segments = [unquote(segment) for segment in parts.path.split("/") if segment]
    if _has_account_in_path(host):
        account, container = segments if len(segments) == len(("account", "container")) else ("", "")
        endpoint = f"{endpoint}/{account}"
    else:
        account, container = host.partition(".")[0], segments[0] if len(segments) == 1 else ""
    if not _ACCOUNT.fullmatch(account) or not _CONTAINER.fullmatch(container):
        raise OrderFault(f"{name} does not name one storage account and one container")
    if parts.scheme == "http" and not _may_be_plain(host, account):
        raise OrderFault(
            f"{name} uses plain http to another machine, which would expose its signature: use https"
        )
    return BlobAddress(endpoint, account, container, parts.query)


def _has_account_in_path(host: str) -> bool:
    """Whether the path starts with the account, as on Azurite: the host is an IP address or a bare name."""
    return _is_ip(host) or "." not in host


def _may_be_plain(host: str, account: str) -> bool:
    is_loopback = host in {"localhost", "::1"} or (_is_ip(host) and host.startswith("127."))
    return is_loopback or account == DEVELOPMENT_ACCOUNT


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
