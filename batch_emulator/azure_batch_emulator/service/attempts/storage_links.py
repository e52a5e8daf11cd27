"""How files of tasks name storage: by signed URLs, by the account's auto storage, or by an identity.

There are no identities here. What an identity may read and write is the auto storage, with its signature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit, urlunsplit

from azure_batch_emulator.runner.interface import OutputFile, ResourceFile, UploadCondition

if TYPE_CHECKING:
    from collections.abc import Mapping


class StorageLinks:
    """Reads the resource and output files of bodies."""

    def __init__(self, auto_storage: str | None) -> None:
        """Take the signed URL of the account's auto storage, if it has one."""
        self._base = None if auto_storage is None else urlsplit(auto_storage)

    def resource_file(self, spec: Mapping[str, Any]) -> ResourceFile:
        """Read a resource file."""
        mode, identity = spec.get("fileMode"), bool(spec.get("identityReference"))
        http_url, container = spec.get("httpUrl"), spec.get("storageContainerUrl")
        name, denial = spec.get("autoStorageContainerName"), None
        if name:
            container = self._container(str(name))
            denial = (
                None if container else "The account has no auto storage: start it with --auto-storage URL"
            )
        elif identity:
            signed = self._signed(str(http_url or container))
            denial = None if signed else _NO_IDENTITY
            http_url, container = (signed, None) if http_url else (None, signed)
        return ResourceFile(
            http_url=http_url,
            container_url=container,
            blob_prefix=spec.get("blobPrefix") or "",
            file_path=spec.get("filePath") or "",
            file_mode=int(mode, 8) if mode else None,
            denial=denial,
        )

    def output_file(self, spec: Mapping[str, Any]) -> OutputFile:
        """Read an output file."""
        container = spec["destination"]["container"]
        url, denial = container["containerUrl"], None
        if container.get("identityReference"):
            signed = self._signed(url)
            url, denial = signed or url, None if signed else _NO_IDENTITY
        return OutputFile(
            pattern=spec["filePattern"],
            container_url=url,
            path=container.get("path") or "",
            condition=UploadCondition(spec["uploadOptions"]["uploadCondition"]),
            headers=tuple(
                (str(header["name"]), str(header.get("value") or ""))
                for header in container.get("uploadHeaders") or ()
            ),
            denial=denial,
        )

    def _container(self, name: str) -> str | None:
        if self._base is None:
            return None
        return urlunsplit(self._base._replace(path=f"{self._base.path.rstrip('/')}/{quote(name)}"))

    def _signed(self, url: str) -> str | None:
        """Add the signature of the auto storage to a URL there; None for a URL elsewhere."""
        base, parts = self._base, urlsplit(url)
        if base is None or (base.scheme, base.netloc) != (parts.scheme, parts.netloc):
            return None
        if not parts.path.startswith(f"{base.path.rstrip('/')}/"):
            return None
        return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, base.query)))))


_NO_IDENTITY = (
    "No identity is known here: one stands for the auto storage of --auto-storage URL, and for no other"
)
