"""The only file that touches Blob Storage. Names and bytes go in and out; the vendor's types stay here.

Only obstore's synchronous API is used, from threads: its asyncio API was seen to abort the interpreter at
exit, after the work was done, which Batch would count as a failure.

What waits, and for how long: 5 s to connect, 30 s for a whole request; 4 repetitions of a failed request with
0.25 s to 5 s between them (growing, with jitter), none after 60 s. Repeated are 5xx answers, connection
faults and, for reads and overwrites, time-outs. Conditional writes are not repeated after a time-out. A blob
that is written while it is read (409 ``BlobModifiedWhileReading``, or 412 where the rest of it is asked for)
is read five times within two seconds.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import AzureStore, LocalStore

from scorer.address import FolderAddress, address_of, without_secrets
from scorer.errors import BlobConflict, BlobMissing, DataFault, OrderFault, StorageFault
from scoring_contract.access import url_of, variable_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from obstore import Attributes, GetResult, PutMode
    from obstore.store import AzureConfig, ClientConfig, RetryConfig

    from scorer.address import BlobAddress
    from scoring_contract.layout import Container

_RETRY: RetryConfig = {
    "max_retries": 4,
    "retry_timeout": timedelta(seconds=60),
    "backoff": {"init_backoff": timedelta(milliseconds=250), "max_backoff": timedelta(seconds=5), "base": 2},
}
_CONNECT_TIMEOUT = timedelta(seconds=5)
_REQUEST_TIMEOUT = timedelta(seconds=30)

_PAUSES = (0.1, 0.25, 0.5, 1.0)
"""Seconds between reads of a blob that somebody is writing: a device that appends pauses longer."""

# Compiled when there is an error to tell of.
_STATUS = r"status code: (\d{3}[ A-Za-z]*)"
_CODE = r"<Code>(\w+)</Code>"
_REASON = r'(?:message|error): "([^"]{1,200})"'


@dataclass(frozen=True, slots=True)
class Versioned:
    """A blob's bytes and the tag that a conditional write compares."""

    data: bytes
    etag: str
    modified: datetime
    """Last write, by the clock of Blob Storage."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """What its writer attached to it, names in lower case."""


class BlobContainer:
    """One container: a Blob service's, or a mounted folder.

    :param role: which of our containers it is; its name in errors
    """

    def __init__(self, role: str, store: AzureStore | LocalStore) -> None:
        self._role = role
        self._store = store

    @property
    def is_folder(self) -> bool:
        """Whether this is a mounted folder: neither metadata nor conditional writes."""
        return isinstance(self._store, LocalStore)

    def read(self, blob: str, *, most_bytes: int | None = None) -> bytes:
        """Return a blob's bytes.

        :param most_bytes: a larger blob is refused by what storage says of its size, before it is fetched
        :raises BlobMissing: if there is no such blob
        :raises StorageFault: if storage refuses or does not answer, or the blob changes at each try
        :raises DataFault: if the blob is too large
        """
        return self._get(blob, most_bytes)[0]

    def read_versioned(self, blob: str) -> Versioned:
        """Return a blob's bytes with its tag; raises as :meth:`read`."""
        data, answer = self._get(blob)
        metadata = {str(name).lower(): str(value) for name, value in answer.attributes.items()}
        return Versioned(data, answer.meta["e_tag"] or "", answer.meta["last_modified"], metadata)

    def _get(self, blob: str, most_bytes: int | None = None) -> tuple[bytes, GetResult]:
        """Read a blob, again if somebody writes it meanwhile."""
        for pause in (*_PAUSES, None):
            try:
                with self._faults_of(blob):
                    answer = obstore.get(self._store, blob)
                    _, size = answer.range  # of a whole blob; at a tenth of what answer.meta costs
                    if most_bytes is not None and size > most_bytes:
                        raise DataFault(
                            f"{blob} holds {size} bytes, the most that is read at once is {most_bytes}"
                        )
                    return answer.bytes().to_bytes(), answer
            except BlobConflict as conflict:
                if pause is None:
                    tries = len(_PAUSES) + 1
                    problem = f"it was written while it was read, {tries} times in a row"
                    raise StorageFault(conflict.blob, problem) from None
                time.sleep(pause)
        raise AssertionError("the last try either returns or raises")

    def write(self, blob: str, data: bytes, *, content_type: str) -> None:
        """Write a blob whole, over whatever has its name.

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
        """Write a blob only if it still is the one that was read.

        :param etag: the tag that was read; None if there was no blob
        :param metadata: printable ASCII only: obstore panics on anything that cannot stand in a header
        :raises BlobConflict: if somebody else has written it since
        :raises StorageFault: if storage refuses or does not answer
        """
        mode: PutMode = "create" if etag is None else {"e_tag": etag}
        self._put(blob, data, {"Content-Type": content_type, **(metadata or {})}, mode)

    def names(self, folder: str) -> Iterator[str]:
        """Yield the names of all blobs under a folder, as storage lists them.

        :raises StorageFault: if storage refuses or does not answer
        """
        with self._faults_of(folder):
            for chunk in obstore.list(self._store, prefix=folder):
                yield from (meta["path"] for meta in chunk)

    def _put(self, blob: str, data: bytes, attributes: Attributes, mode: PutMode) -> None:
        kept = None if self.is_folder else attributes  # a folder has no place for them
        with self._faults_of(blob):
            obstore.put(self._store, blob, data, attributes=kept, mode=mode, use_multipart=False)

    @contextmanager
    def _faults_of(self, blob: str) -> Iterator[None]:
        """Turn the vendor's errors into ours.

        ``from None``: the vendor's text can hold parts of a URL and must not surface in a traceback.
        """
        name = f"{self._role}/{blob}"
        try:
            yield
        except FileNotFoundError as error:
            if self.is_folder or "BlobNotFound" in str(error):
                raise BlobMissing(name, "there is no such blob") from None
            raise StorageFault(name, _problem(error)) from None
        except (AlreadyExistsError, PreconditionError):
            raise BlobConflict(name, "somebody else has written it since it was read") from None
        except (BaseError, OSError, ValueError, NotImplementedError) as error:
            raise StorageFault(name, _problem(error)) from None


def open_container(container: Container, environ: Mapping[str, str]) -> BlobContainer:
    """Open the container that the environment names; the first request is yet to come.

    :raises InvocationError: if the environment does not name it
    :raises OrderFault: if the URL cannot be one of a container
    :raises StorageFault: if a mounted folder is not there
    """
    address = address_of(url_of(container, environ), name=variable_of(container))
    if isinstance(address, FolderAddress):
        if not address.path.is_dir():  # else every blob in it would look as if it had never been written
            raise StorageFault(container.value, f"the folder {address.path} is not mounted")
        return BlobContainer(container.value, LocalStore(address.path))
    return BlobContainer(container.value, _azure_store(address, environ))


def refuse_folder(container: BlobContainer, *, because: str) -> BlobContainer:
    """Return the container if it is on a Blob service.

    :raises OrderFault: if it is a mounted folder
    """
    if container.is_folder:
        raise OrderFault(f"a file:// URL cannot be used here: {because}")
    return container


def _azure_store(address: BlobAddress, environ: Mapping[str, str]) -> AzureStore:
    # Every deciding key is given, because obstore fills the others from AZURE_* variables of the machine.
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


def _problem(error: Exception) -> str:
    """Say in one line what storage did, by its status and code or by the operating system's words."""
    text = str(error)
    code = re.search(_CODE, text)
    if code and code[1] == "ContainerNotFound":
        return "its container does not exist"
    if status := re.search(_STATUS, text):
        return f"Blob Storage answered {status[1].strip()}" + (f" ({code[1]})" if code else "")
    summary, _, details = text.partition("Debug source")
    reason = re.search(_REASON, details)
    line = " ".join(summary.split())
    return without_secrets(f"{line} ({reason[1]})" if reason else line)[:400]
