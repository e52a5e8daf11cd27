"""File systems that the nodes of a pool mount, as we request them and as we find them in a pool.

Mounts are read only and hold nothing back that could change: no attributes, and, but for files that never
change, no contents. https://learn.microsoft.com/azure/batch/virtual-file-mount
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from sensor_scoring.errors import PoolUnusable
from sensor_scoring.setting_values.mount_sources import nfs_server

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sensor_scoring.blob_storage.store import BlobStore

_BLOBFUSE = "--read-only=true --allow-other=true"
"""Tasks in containers are other users than the one that mounts."""
_FRESH = "--disable-kernel-cache=true --attr-cache-timeout=0 --file-cache-timeout=0"
"""Without the first, the kernel keeps a file that was read once, whatever the other two say:
https://github.com/Azure/azure-storage-fuse/issues/1946"""
_KEPT_SECONDS = 86_400
_KEPT = f"--attr-cache-timeout={_KEPT_SECONDS} --file-cache-timeout={_KEPT_SECONDS}"
_SMB = "-o vers=3.1.1,ro,dir_mode=0555,file_mode=0444,actimeo=0"
_NFS = "ro,actimeo=0,lookupcache=none"
_NFS_OF_AZURE = {
    ".blob.core.": "vers=3,nolock,proto=tcp,sec=sys",
    ".file.core.": "vers=4,minorversion=1,sec=sys",
}
"""What the services ask for: https://learn.microsoft.com/azure/storage/blobs/network-file-system-protocol-support-how-to
and https://learn.microsoft.com/azure/storage/files/storage-files-how-to-mount-nfs-shares"""


class Mount(Protocol):
    """A file system at a path below a node's folder of mounts."""

    @property
    def path(self) -> str:
        """The path."""

    @property
    def source(self) -> str:
        """What is mounted, for people and to be told from other mounts."""

    def request(self) -> dict[str, Any]:
        """Write it as the service wants it in a pool, with its secrets.

        :raises SettingsError: if it needs a key that its connection does not have
        """

    def is_in(self, entry: Mapping[str, Any]) -> bool:
        """Whether an entry of a pool's mounts is it, secrets and options aside."""


@dataclass(frozen=True, slots=True)
class BlobMount:
    """A container of Blob Storage, through BlobFuse.

    :param account: the storage account
    :param keys: has the account's key, which is asked for only if there is no identity
    :param identity: resource id of an identity of the pool
    :param is_cached: whether a file that was read may be kept: only if none ever changes
    """

    path: str
    container: str
    account: BlobStore = field(repr=False, compare=False)
    keys: BlobStore = field(repr=False, compare=False)
    identity: str = ""
    is_cached: bool = False

    @property
    def source(self) -> str:
        """Account and container."""
        return f"{self.account.account_name}/{self.container}"

    def request(self) -> dict[str, Any]:
        """Write it as the service wants it in a pool."""
        signed_in: dict[str, Any] = (
            {"identityReference": {"resourceId": self.identity}}
            if self.identity
            else {"accountKey": self.keys.account_key()}
        )
        return {
            "azureBlobFileSystemConfiguration": {
                "accountName": self.account.account_name,
                "containerName": self.container,
                "relativeMountPath": self.path,
                "blobfuseOptions": f"{_BLOBFUSE} {_KEPT if self.is_cached else _FRESH}",
                **signed_in,
            }
        }

    def is_in(self, entry: Mapping[str, Any]) -> bool:
        """Whether an entry mounts this container."""
        found = entry.get("azureBlobFileSystemConfiguration") or {}
        return self.source == f"{found.get('accountName')}/{found.get('containerName')}"


@dataclass(frozen=True, slots=True)
class FileShareMount:
    """A share of Azure Files, which is mounted with the key of its account and nothing else.

    :param source: URL of the share
    :param account: name of its account
    :param keys: has the account's key
    """

    path: str
    source: str
    account: str
    keys: BlobStore = field(repr=False, compare=False)

    def request(self) -> dict[str, Any]:
        """Write it as the service wants it in a pool."""
        return {
            "azureFileShareConfiguration": {
                "accountName": self.account,
                "accountKey": self.keys.account_key(),
                "azureFileUrl": self.source,
                "relativeMountPath": self.path,
                "mountOptions": _SMB,
            }
        }

    def is_in(self, entry: Mapping[str, Any]) -> bool:
        """Whether an entry mounts this share."""
        found = entry.get("azureFileShareConfiguration") or {}
        return str(found.get("azureFileUrl")).rstrip("/") == self.source


@dataclass(frozen=True, slots=True)
class NfsMount:
    """An export of NFS, which no secret protects but the network.

    :param source: ``server:/export``
    """

    path: str
    source: str

    def request(self) -> dict[str, Any]:
        """Write it as the service wants it in a pool."""
        server = nfs_server(self.source)
        asked = [options for name, options in _NFS_OF_AZURE.items() if name in server]
        return {
            "nfsMountConfiguration": {
                "source": self.source,
                "relativeMountPath": self.path,
                "mountOptions": f"-o {','.join([_NFS, *asked])}",
            }
        }

    def is_in(self, entry: Mapping[str, Any]) -> bool:
        """Whether an entry mounts this export."""
        return (entry.get("nfsMountConfiguration") or {}).get("source") == self.source


def missing_mounts(pool: Mapping[str, Any], mounts: Iterable[Mount]) -> list[str]:
    """Say what a pool does not mount, a sentence each; nodes mount only what their pool was made with.

    :param pool: the pool as the service describes it
    """
    entries = pool.get("mountConfiguration") or ()
    return [
        f"pool {pool['id']} does not mount {mount.source} at {mount.path}, and mounts what it was made with"
        for mount in mounts
        if not any(mount.is_in(entry) and _path_of(entry) == mount.path for entry in entries)
    ]


def check_mounts(pool: Mapping[str, Any], mounts: Iterable[Mount]) -> None:
    """Raise unless a pool mounts what its tasks will read from.

    :param pool: the pool as the service describes it
    :raises PoolUnusable: naming a mount that is missing
    """
    for sentence in missing_mounts(pool, mounts):
        raise PoolUnusable(
            f"{sentence}: delete it, and the next try makes it anew, or choose a new pool's id"
        )


def _path_of(entry: Mapping[str, Any]) -> str:
    """Return the path of a mount of any kind."""
    return next((str(kind.get("relativeMountPath")) for kind in entry.values() if kind), "")
