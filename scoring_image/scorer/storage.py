"""Access to Blob Storage, and the only file with a client of it. Names and bytes in, names and bytes out.

Only obstore's synchronous API is used, from threads: its asyncio API was seen to abort the interpreter at
exit, after the work was done, which Batch would count as a failure.

Timeouts: 5 s to connect, 30 s for a whole request. Retries: 4 of a failed request, 0.25 s to 5 s apart
(growing, with jitter), none after 60 s; for 5xx responses, connection errors and, for reads and overwrites,
timeouts. A conditional write is not retried after a timeout. A blob that changes while it is read
(409 ``BlobModifiedWhileReading``, or 412 when the client requests the rest of it) is read up to five times
within two seconds.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import AzureStore, LocalStore

from scorer.address import BlobAddress, FolderAddress, MountAddress, address_of, without_secrets
from scorer.errors import BlobConflict, BlobMissing, DataFault, OrderFault, StorageFault
from scoring_contract.access import blobs_variable, mounts_folder, signed_blobs_of, url_of, variable_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from obstore import Attributes, GetResult, PutMode
    from obstore.store import AzureConfig, ClientConfig, RetryConfig

    from scoring_contract.access import SignedBlobs
    from scoring_contract.layout import Container

_RETRY: RetryConfig = {
    "max_retries": 4,
    "retry_timeout": timedelta(seconds=60),
    "backoff": {"init_backoff": timedelta(milliseconds=250), "max_backoff": timedelta(seconds=5), "base": 2},
}
_CONNECT_TIMEOUT = timedelta(seconds=5)
_REQUEST_TIMEOUT = timedelta(seconds=30)

_PAUSES = (0.1, 0.25, 0.5, 1.0)
"""Seconds between attempts to read a blob that is being written: a device that appends pauses longer."""

# Compiled on the first error.
_STATUS = r"status code: (\d{3}[ A-Za-z]*)"
_CODE = r"<Code>(\w+)</Code>"
_REFUSED = ("401", "403")
_REASON = r'(?:message|error): "([^"]{1,200})"'


@dataclass(frozen=True, slots=True)
class Versioned:
    """A blob's bytes and the tag that a conditional write compares."""

    data: bytes
    etag: str
    modified: datetime
    """Last write, by the clock of Blob Storage."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Metadata of the blob, names in lower case."""


class BlobContainer:
    """One container, on a Blob service or mounted as a folder.

    :param role: its name in errors: ``data``, ``models``, ``predictions`` or ``runs``
    :param store: client of the container; None if each blob has a signature, and a client, of its own
    :param signed: makes the client of a blob
    """

    def __init__(
        self,
        role: str,
        store: AzureStore | LocalStore | None,
        signed: Mapping[str, Callable[[], AzureStore]] | None = None,
    ) -> None:
        self.role = role
        self._store = store
        self._signed = signed or {}
        self._stores: dict[str, AzureStore] = {}

    @property
    def is_folder(self) -> bool:
        """Whether this is a mounted folder, which has neither metadata nor conditional writes."""
        return isinstance(self._store, LocalStore)

    def _store_of(self, blob: str, right: str) -> AzureStore | LocalStore:
        """Return the client that may use a blob.

        :param right: what is to be done, for the error
        :raises StorageFault: if no signature is for it
        """
        if self._store is not None:
            return self._store
        if blob not in self._stores:
            if blob not in self._signed:
                raise StorageFault(f"{self.role}/{blob}", f"no signature lets this task {right} it")
            self._stores[blob] = self._signed[blob]()
        return self._stores[blob]

    def read(self, blob: str, *, most_bytes: int | None = None) -> bytes:
        """Return a blob's bytes.

        :param most_bytes: a larger blob is refused by its size in the response header, before it is fetched
        :raises BlobMissing: if there is no such blob
        :raises StorageFault: if storage refuses or does not answer, or the blob changes during each attempt
        :raises DataFault: if the blob is too large
        """
        return self._get(blob, most_bytes)[0]

    def read_versioned(self, blob: str, *, most_bytes: int | None = None) -> Versioned:
        """Return a blob's bytes with its ETag; raises as :meth:`read`."""
        data, answer = self._get(blob, most_bytes)
        metadata = {str(name).lower(): str(value) for name, value in answer.attributes.items()}
        return Versioned(data, answer.meta["e_tag"] or "", answer.meta["last_modified"], metadata)

    def _get(self, blob: str, most_bytes: int | None = None) -> tuple[bytes, GetResult]:
        """Read a blob; try again if it changes meanwhile."""
        for pause in (*_PAUSES, None):
            try:
                store = self._store_of(blob, "read")
                with self._faults_of(blob, "read"):
                    answer = obstore.get(store, blob)
                    _, size = answer.range  # of the whole blob; ten times cheaper than answer.meta
                    if most_bytes is not None and size > most_bytes:
                        raise DataFault(f"{blob} has {size} bytes; the limit is {most_bytes}")
                    return answer.bytes().to_bytes(), answer
            except BlobConflict as conflict:
                if pause is None:
                    tries = len(_PAUSES) + 1
                    problem = f"it changed during each of {tries} attempts to read it"
                    raise StorageFault(conflict.blob, problem) from None
                time.sleep(pause)
        raise AssertionError("the last attempt either returns or raises")

    def write(self, blob: str, data: bytes, *, content_type: str) -> None:
        """Write a blob, replacing any blob of its name.

        :raises StorageFault: if storage refuses or does not answer
        """
        self._put(blob, data, {"Content-Type": content_type}, "overwrite")

    def write_if_unchanged(
        self,
        blob: str,
        data: bytes,
        *,
        content_type: str,
        etag: str | None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Write a blob only if it is unchanged since it was read.

        :param etag: the ETag that was read; None if there was no blob
        :param metadata: printable ASCII only: obstore panics on anything that a header cannot carry
        :raises BlobConflict: if another writer has changed it since
        :raises StorageFault: if storage refuses or does not answer
        """
        mode: PutMode = "create" if etag is None else {"e_tag": etag}
        self._put(blob, data, {"Content-Type": content_type, **(metadata or {})}, mode)

    def names(self, folder: str) -> Iterator[str]:
        """Yield the names of all blobs under a folder, in the order in which storage lists them.

        :raises StorageFault: if storage refuses or does not answer
        """
        store = self._store_of(folder, "list")
        with self._faults_of(folder, "list"):
            for chunk in obstore.list(store, prefix=folder):
                yield from (meta["path"] for meta in chunk)

    def _put(self, blob: str, data: bytes, attributes: Attributes, mode: PutMode) -> None:
        kept = None if self.is_folder else attributes  # a folder cannot store them
        store = self._store_of(blob, "write")
        with self._faults_of(blob, "write"):
            obstore.put(store, blob, data, attributes=kept, mode=mode, use_multipart=False)

    @contextmanager
    def _faults_of(self, blob: str, right: str) -> Iterator[None]:
        """Translate obstore's errors into ours.

        :param right: what is done, for a refusal

        ``from None``: obstore's text can contain parts of a URL and must not surface in a traceback.
        """
        name = f"{self.role}/{blob}"
        try:
            yield
        except FileNotFoundError as error:
            if self.is_folder or "BlobNotFound" in str(error):
                raise BlobMissing(name, "there is no such blob") from None
            raise StorageFault(name, _problem(error, right)) from None
        except (AlreadyExistsError, PreconditionError):
            raise BlobConflict(name, "another writer changed it after it was read") from None
        except (BaseError, OSError, ValueError, NotImplementedError) as error:
            raise StorageFault(name, _problem(error, right)) from None


def open_container(container: Container, environ: Mapping[str, str]) -> BlobContainer:
    """Open the container that the environment names, without a request.

    :raises InvocationError: if the environment does not name it, or it is a mount and the node has none
    :raises OrderFault: if its URL is not the URL of a container
    :raises StorageFault: if a mounted folder does not exist
    """
    if signed := signed_blobs_of(container, environ):
        return _signed_container(container, signed, environ)
    address = address_of(url_of(container, environ), name=variable_of(container))
    if isinstance(address, MountAddress):
        from pathlib import Path  # noqa: PLC0415  # scoring from a Blob service does not need it

        address = FolderAddress(Path(mounts_folder(environ), address.path))
    if isinstance(address, FolderAddress):
        if not address.path.is_dir():  # otherwise every blob in it would look as if it did not exist
            raise StorageFault(container.value, f"the folder {address.path} is not mounted")
        return BlobContainer(container.value, LocalStore(address.path))
    return BlobContainer(container.value, _azure_store(address, environ))


def _signed_container(container: Container, signed: SignedBlobs, environ: Mapping[str, str]) -> BlobContainer:
    name = blobs_variable(variable_of(container))
    makers = {}
    for blob, signature in signed.signatures.items():
        address = address_of(f"{signed.url}?{signature}", name=name)
        if not isinstance(address, BlobAddress):
            raise OrderFault(f"{name} must name a container of Blob Storage")
        makers[blob] = partial(_azure_store, address, environ)
    return BlobContainer(container.value, None, makers)


def refuse_folder(container: BlobContainer, *, because: str) -> BlobContainer:
    """Return the container if it is on a Blob service.

    :raises OrderFault: if it is a mounted folder
    """
    if container.is_folder:
        raise OrderFault(f"a folder cannot be used here: {because}")
    return container


def _azure_store(address: BlobAddress, environ: Mapping[str, str]) -> AzureStore:
    # All keys that matter are set: obstore reads the others from AZURE_* environment variables.
    # https://docs.rs/object_store/latest/object_store/azure/struct.MicrosoftAzureBuilder.html#method.from_env
    config: AzureConfig = {
        "account_name": address.account,
        "endpoint": address.endpoint,
        "use_emulator": False,
        "skip_signature": False,
    }
    if address.signature:
        config |= {"sas_key": address.signature, "credential_type": "sas_token"}
    else:
        config |= {"credential_type": "managed_identity"}
        if client_id := environ.get("AZURE_CLIENT_ID"):
            config |= {"client_id": client_id}
    client: ClientConfig = {
        "connect_timeout": _CONNECT_TIMEOUT,
        "timeout": _REQUEST_TIMEOUT,
        "allow_http": address.is_plain_http,
    }
    return AzureStore(address.container, config=config, client_options=client, retry_config=_RETRY)


def _problem(error: Exception, right: str) -> str:
    """Describe a storage error in one line, by HTTP status and code or by the operating system's message.

    :param right: what was done; a refusal says that this is what may not be done
    """
    text = str(error)
    code = re.search(_CODE, text)
    if code and code[1] == "ContainerNotFound":
        return "its container does not exist"
    if status := re.search(_STATUS, text):
        answer = f"Blob Storage answered {status[1].strip()}" + (f" ({code[1]})" if code else "")
        return f"{answer}: this task may not {right} it" if status[1].startswith(_REFUSED) else answer
    summary, _, details = text.partition("Debug source")
    reason = re.search(_REASON, details)
    line = " ".join(summary.split())
    return without_secrets(f"{line} ({reason[1]})" if reason else line)[:400]
