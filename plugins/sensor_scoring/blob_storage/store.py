"""Blob Storage as the orchestrator sees it: small texts, listings, and signatures for others.

The account is the ``wasb`` connection's. Readings are never read here; predictions are, for the fleet page.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from airflow.providers.microsoft.azure.hooks.wasb import WasbHook
from azure.core import MatchConditions
from azure.core.credentials import AzureSasCredential
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobPrefix

from sensor_scoring.account_keys import refuse_account_key
from sensor_scoring.blob_storage.listing import FoundBlob, listed
from sensor_scoring.blob_storage.signatures import Signer
from sensor_scoring.errors import SettingsError, StorageError
from sensor_scoring.service_errors import storage_explained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from azure.storage.blob import BlobServiceClient, ContainerClient, UserDelegationKey

log = logging.getLogger(__name__)

CALLS_AT_ONCE = 10
"""As many as the client keeps connections for: more would open and drop others, and warn each time."""
_DELETES_AT_ONCE = 256
"""Most requests the service takes in one batch."""
_CLOCK_SKEW = timedelta(minutes=15)
_PAUSES = (0.1, 0.25, 0.5, 1.0)
"""Seconds between reads of a blob that is being written."""
_CHANGING = frozenset({409, 412})
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A blob, and what its writer attached to it.

    :param content: None if it is larger than was asked for
    :param size: bytes
    :param modified: last write, by the clock of Blob Storage
    """

    content: bytes | None
    size: int
    metadata: Mapping[str, str]
    modified: datetime


class BlobStore:
    """The storage account of a connection.

    :param conn_id: a connection of type ``wasb``
    """

    def __init__(self, conn_id: str) -> None:
        self.conn_id = conn_id

    @cached_property
    def _client(self) -> BlobServiceClient:
        """The client for requests."""
        if self._key:
            refuse_account_key(self._unused.url, conn_id=self.conn_id)
        return self._unused

    @cached_property
    def _unused(self) -> BlobServiceClient:
        """The client, for what it knows without a request."""
        return WasbHook(wasb_conn_id=self.conn_id).get_conn()

    @property
    def _key(self) -> str | None:
        return getattr(self._unused.credential, "account_key", None)

    def _container(self, name: str) -> ContainerClient:
        return self._client.get_container_client(name)

    def read(self, container: str, blob: str, *, most_bytes: int | None = None) -> bytes | None:
        """Return a blob's bytes; None if it, or its container, does not exist.

        :param most_bytes: of a larger blob these many are read and one more, by which it is known
        """

        def read() -> bytes:
            answer = self._container(container).download_blob(blob)
            if most_bytes is not None and answer.size > most_bytes:
                return bytes(answer.read(most_bytes + 1))
            return bytes(answer.readall())

        with storage_explained(f"read {container}/{blob}", self.conn_id):
            try:
                return _repeated(read)
            except ResourceNotFoundError:
                return None

    def pieces(self, container: str, blob: str, *, size: int = 1 << 20) -> Iterator[bytes] | None:
        """Return a blob's bytes, some at a time; None if it, or its container, does not exist.

        A blob that is written over meanwhile ends in an error, never in a mixture of two.

        :param size: most bytes that are held
        """
        client = self._container(container).get_blob_client(blob)
        with storage_explained(f"read {container}/{blob}", self.conn_id):
            try:
                properties = client.get_blob_properties()
            except ResourceNotFoundError:
                return None
        unchanged = MatchConditions.IfNotModified

        def parts() -> Iterator[bytes]:
            for start in range(0, properties.size, size):
                with storage_explained(f"read {container}/{blob}", self.conn_id):
                    # An end beyond the blob's own is refused by some versions of the service.
                    length = min(size, properties.size - start)
                    part = client.download_blob(
                        start, length, etag=properties.etag, match_condition=unchanged
                    )
                    yield part.readall()

        return parts()

    def read_all(
        self, container: str, blobs: Iterable[str], *, most_bytes: int | None = None
    ) -> list[bytes | None]:
        """Return the bytes of many blobs, in their order.

        :param most_bytes: of each, as :meth:`read` has it
        """
        with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
            return list(pool.map(partial(self.read, container, most_bytes=most_bytes), blobs))

    def tail(self, container: str, blob: str, *, size: int) -> str:
        """Return the last bytes of a blob as text; empty if it, or its container, does not exist."""
        client = self._container(container).get_blob_client(blob)

        def read() -> str:
            length = client.get_blob_properties().size
            if not length:
                return ""  # an empty blob has no range to ask for
            rest = client.download_blob(offset=max(0, length - size), length=size)
            return rest.readall().decode(errors="replace")

        with storage_explained(f"read {container}/{blob}", self.conn_id):
            try:
                return _repeated(read)
            except ResourceNotFoundError:
                return ""

    def exists(self, container: str, blob: str) -> bool:
        """Whether a blob is there."""
        with storage_explained(f"look for {container}/{blob}", self.conn_id):
            return self._container(container).get_blob_client(blob).exists()

    def etag(self, container: str, blob: str) -> str:
        """Return what changes with every write of a blob, without quotation marks; empty if there is none."""
        with storage_explained(f"look at {container}/{blob}", self.conn_id):
            try:
                properties = self._container(container).get_blob_client(blob).get_blob_properties()
            except ResourceNotFoundError:
                return ""
            return str(properties.etag).strip('"')

    def write(self, container: str, blob: str, text: str) -> None:
        """Write a text, over what was there."""
        with storage_explained(f"write {container}/{blob}", self.conn_id):
            self._container(container).upload_blob(blob, text.encode(), overwrite=True)

    def read_versioned(self, container: str, blob: str) -> tuple[bytes, str] | None:
        """Return a blob's bytes and the tag that a conditional write compares; None if it does not exist."""

        def read() -> tuple[bytes, str]:
            answer = self._container(container).download_blob(blob)
            return answer.readall(), str(answer.properties.etag)

        with storage_explained(f"read {container}/{blob}", self.conn_id):
            try:
                return _repeated(read)
            except ResourceNotFoundError:
                return None

    def write_if_unchanged(
        self, container: str, blob: str, content: str | bytes, *, etag: str | None
    ) -> bool:
        """Write a text, or bytes, only if the blob still is the one that was read.

        :param etag: the tag that was read; None if there was no blob
        :return: whether it was; else nothing is written
        """
        client, data = self._container(container), content.encode() if isinstance(content, str) else content
        with storage_explained(f"write {container}/{blob}", self.conn_id):
            try:
                if etag is None:  # a blob that is there is an error unless it may be written over
                    client.upload_blob(blob, data)
                else:
                    unchanged = MatchConditions.IfNotModified
                    client.upload_blob(blob, data, overwrite=True, etag=etag, match_condition=unchanged)
            except (ResourceExistsError, ResourceModifiedError):
                return False
        return True

    def download(self, container: str, blob: str, *, most_bytes: int) -> StoredBlob | None:
        """Return a blob with what its writer attached to it; None if it, or its container, does not exist.

        :param most_bytes: the content of a larger blob is not fetched whole, and left out
        """

        def read() -> StoredBlob:
            answer = self._container(container).download_blob(blob)
            size, found = answer.size, answer.properties
            content = answer.readall() if size <= most_bytes else None
            metadata = {name: value or "" for name, value in (found.metadata or {}).items()}
            return StoredBlob(content, size, metadata, found.last_modified)

        with storage_explained(f"read {container}/{blob}", self.conn_id):
            try:
                return _repeated(read)
            except ResourceNotFoundError:
                return None

    def delete(self, container: str, blob: str) -> bool:
        """Delete a blob.

        :return: whether it was there
        """
        with storage_explained(f"delete {container}/{blob}", self.conn_id):
            try:
                self._container(container).delete_blob(blob)
            except ResourceNotFoundError:
                return False
        return True

    def discard(self, container: str, blob: str) -> None:
        """Delete a blob that is not used any more; if that is refused, it stays, and a log line says so."""
        try:
            with (
                storage_explained(f"delete {container}/{blob}", self.conn_id),
                suppress(ResourceNotFoundError),
            ):
                self._container(container).delete_blob(blob)
        except StorageError as error:
            log.warning("%s", error)

    def write_all(self, container: str, texts: Mapping[str, str]) -> None:
        """Write many texts; the first failure is raised after the ones under way have ended."""
        with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
            list(pool.map(lambda item: self.write(container, *item), texts.items()))

    def found(self, container: str, folder: str) -> Iterator[FoundBlob]:
        """List the blobs of a folder with their metadata; directories are none."""
        yield from (blob for blob in self._listed(container, folder) if not blob.is_directory)

    def _listed(self, container: str, prefix: str) -> Iterator[FoundBlob]:
        with storage_explained(f"list {container}/{prefix}", self.conn_id):
            yield from listed(self._container(container), prefix)

    def folders(self, container: str, prefix: str) -> list[str]:
        """List the folders of the first level whose names begin so, without what is in them."""
        with storage_explained(f"list {container}/{prefix}", self.conn_id):
            entries = self._container(container).walk_blobs(
                name_starts_with=prefix, include=["metadata"], delimiter="/"
            )
            # A directory that is empty can be listed as a blob alone, a full one both ways.
            found = [
                entry.name.rstrip("/")
                for entry in entries
                if isinstance(entry, BlobPrefix) or FoundBlob.of(entry).is_directory
            ]
            return sorted(set(found))

    def delete_folder(self, container: str, folder: str, *, before: datetime) -> int:
        """Delete a folder of the first level, unless a blob in it was written later.

        :return: blobs deleted; directories are removed with them, and do not count
        """
        inside = [
            entry
            for entry in self._listed(container, folder)
            if entry.name == folder or entry.name.startswith(f"{folder}/")
        ]
        blobs = [entry for entry in inside if not entry.is_directory]
        # What is left of a folder can be directories alone; a run may have made them just now.
        if any(entry.modified >= before for entry in blobs or inside):
            return 0
        names = [blob.name for blob in blobs if blob.name != folder]
        with storage_explained(f"delete {container}/{folder}", self.conn_id):
            self._delete(container, names)
            # The deepest first: one that is not empty is not deleted.
            directories = (entry.name for entry in inside if entry.is_directory)
            for name in sorted(directories, key=lambda name: name.count("/"), reverse=True):
                with suppress(ResourceNotFoundError, ResourceExistsError):
                    self._container(container).delete_blob(name)
        return len(names)

    def delete_blobs(self, container: str, folder: str, *, before: datetime) -> int:
        """Delete the blobs of a folder that were written earlier, and leave the others and directories.

        :return: blobs deleted
        """
        names = [blob.name for blob in self.found(container, folder) if blob.modified < before]
        with storage_explained(f"delete {container}/{folder}", self.conn_id):
            self._delete(container, names)
        return len(names)

    def _delete(self, container: str, names: list[str]) -> None:
        for start in range(0, len(names), _DELETES_AT_ONCE):
            # Gone already is as good as deleted: another try may have been here.
            chunk = names[start : start + _DELETES_AT_ONCE]
            self._container(container).delete_blobs(*chunk, raise_on_any_failure=False)

    def has_container(self, name: str) -> bool:
        """Whether a container is there; asked by listing it, which its readers may do."""
        with storage_explained(f"list {name}", self.conn_id):
            try:
                next(iter(self._container(name).list_blob_names(results_per_page=1)), None)
            except ResourceNotFoundError:
                return False
        return True

    @property
    def account_name(self) -> str:
        """Name of the account."""
        return str(self._unused.account_name)

    def account_key(self) -> str:
        """Return the account's key: a secret, for what can sign in with nothing else.

        :raises SettingsError: if the connection has none
        """
        key = self._key
        if not key:
            raise SettingsError(f"connection {self.conn_id} has no account key, which the mount needs")
        return str(key)

    def container_url(self, container: str) -> str:
        """Return a container's URL without any signature."""
        return self._unused.get_container_client(container).url.split("?", maxsplit=1)[0]

    def signed_url(self, container: str, *, permissions: str, lasts: timedelta) -> str:
        """Return a container's URL with a signature that grants just these permissions for that long.

        :param permissions: letters of a container signature, for example ``rl``
        :raises SettingsError: if the connection holds the account key of a real storage account
        """
        return f"{self.container_url(container)}?{self.signer(lasts).container(container, permissions)}"

    def signer(self, lasts: timedelta) -> Signer:
        """Return what signs for others, for that long.

        It signs with a user delegation key of the connection's identity. An account key signs only for
        Azurite: such a signature could not be revoked without changing the key, and hands out more than a
        role would. A connection that is itself a signature is passed on as it is: it grants what it grants,
        for as long as it says.

        :raises SettingsError: if the connection holds the account key of a real storage account
        """
        now = datetime.now(UTC)
        start, expiry = now - _CLOCK_SKEW, now + lasts
        key = getattr(self._client.credential, "account_key", None)
        if key and not is_azurite(self.container_url("any")):
            raise SettingsError(
                f"connection {self.conn_id} holds an account key; give it an identity instead, "
                "so that tasks get signatures that can be revoked"
            )
        passed_on = self._own_signature
        return Signer(
            account=self.account_name,
            start=start,
            expiry=expiry,
            delegation_key=None if key or passed_on else self._delegation_key(start, expiry),
            account_key=key,
            passed_on=passed_on,
        )

    @property
    def _own_signature(self) -> str:
        """The signature that the connection is made of; empty if it is made of anything else."""
        credential = self._unused.credential
        if isinstance(credential, AzureSasCredential):
            return credential.signature.lstrip("?")
        # One in the URL, or in a connection string, is no credential to the client.
        return urlsplit(self._unused.url).query if credential is None else ""

    def _delegation_key(self, start: datetime, expiry: datetime) -> UserDelegationKey:
        with storage_explained("get a user delegation key", self.conn_id):
            return self._client.get_user_delegation_key(start, expiry)


def _repeated(read: Callable[[], _Read]) -> _Read:
    """Read a blob again if it was written meanwhile.

    Blob Storage then answers 409 ``BlobModifiedWhileReading``, or 412 when the SDK asks for the rest of it;
    the SDK repeats neither, and has no class of its own for the first.
    """
    for pause in _PAUSES:
        try:
            return read()
        except HttpResponseError as error:
            if error.status_code not in _CHANGING:
                raise
            time.sleep(pause)
    return read()


def is_azurite(url: str) -> bool:
    """Whether a URL is an emulator's: plain HTTP, or the account in the path instead of the host name."""
    parts = urlsplit(url)
    return parts.scheme == "http" or len(parts.path.strip("/").split("/")) > 1
