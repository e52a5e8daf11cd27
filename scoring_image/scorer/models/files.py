"""Fetches models: each sensor's own file, or the pack file of many sensors, which is fetched once."""

from __future__ import annotations

import hashlib
from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from scorer.errors import BlobMissing, DataFault, ModelFault, StorageFault
from scorer.models.format import FORMAT, MOST_BYTES, load_model
from scoring_contract.errors import MessageError
from scoring_contract.layout import digest_of_model_pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scorer.models.ocsvm import Model
    from scorer.models.pack_format import ModelPack
    from scorer.storage import BlobContainer
    from scoring_contract.messages.manifest import ModelRef

MOST_PACK_BYTES = 256 << 20
"""A larger pack file is not fetched, as it would be held in memory; the single files are used instead."""
_SHOWN_DIGITS = 12


class ModelFiles:
    """The model files of one manifest. Threads may share it.

    A pack file is fetched for the first of its sensors and dropped after the last one, so memory does not
    grow with the number of sensors.

    :param container: the ``models`` container
    :param refs: the models that will be fetched, each once
    :param complain: reports a pack file that is missing or damaged
    """

    def __init__(
        self, container: BlobContainer, refs: Iterable[ModelRef], complain: Callable[[str], None]
    ) -> None:
        self._container = container
        self._complain = complain
        self._left = Counter(ref.pack.blob for ref in refs if ref.pack)
        # For a single sensor, its own file is smaller and faster to fetch.
        self._shared = {blob for blob, users in self._left.items() if users > 1}
        self._packs: dict[str, _PackFile] = {}
        self._locks = {blob: Lock() for blob in self._shared}

    def fetch(self, ref: ModelRef) -> bytes | ModelPack:
        """Return the bytes of a model, or the pack that holds it as numbers.

        If the pack file is missing, too large or altered, each model is read from its own file instead.

        :raises ModelFault: if its file is missing or altered
        :raises StorageFault: if storage refuses or does not answer; also if a mount has no such file, or
            another: it may be stale, or nothing may be mounted, and the model itself be good
        """
        if ref.pack is not None and ref.pack.blob in self._shared:
            file = self._file(ref.pack.blob)
            if file.pack is not None and ref.format == FORMAT and ref.sha256 in file.pack:
                return file.pack
            data = file.data[ref.pack.offset : ref.pack.offset + ref.pack.length]
            if _digest(data) == ref.sha256:
                return data
        try:
            return read_model(self._container, ref)
        except ModelFault as fault:
            if not self._container.is_folder:
                raise
            raise StorageFault(
                f"{self._container.role}/{ref.blob}", f"the mount is not as registered: {fault}"
            ) from None

    def _file(self, blob: str) -> _PackFile:
        """Return a pack file; the first caller fetches it, and others wait for that."""
        with self._locks[blob]:
            file = self._packs.get(blob)
            if file is None:
                file = self._packs[blob] = self._fetched(blob)
            self._left[blob] -= 1
            if self._left[blob] <= 0:
                del self._packs[blob]
        return file

    def _fetched(self, blob: str) -> _PackFile:
        try:
            data = self._container.read(blob, most_bytes=MOST_PACK_BYTES)
            return _PackFile(data, pack_of(blob, data))
        except BlobMissing:
            problem = "is missing"
        except DataFault as fault:
            problem = f"is not read: {fault}"
        except ModelFault as fault:
            problem = str(fault)
        self._complain(
            f"models/{blob} {problem}; its models are read from their own files until "
            "'python -m scorer models pack' writes it again"
        )
        return _PackFile(b"", None)


class _PackFile(NamedTuple):
    """A pack file."""

    data: bytes
    pack: ModelPack | None
    """Models that it holds as numbers; None if it holds files only, as those of earlier versions do."""


def pack_of(blob: str, data: bytes) -> ModelPack | None:
    """Read the models that a pack file holds as numbers; None if it holds files only.

    :param blob: its name, which contains the digest of its head
    :raises ModelFault: if its digest differs from its name, or it is not a pack file
    """
    sha256 = digest_of_model_pack(blob)
    if sha256 is None:
        return None
    from scorer.models.pack_format import read_pack  # noqa: PLC0415  # scoring one sensor does not need it

    try:
        return read_pack(data, sha256=sha256)
    except MessageError as error:
        raise ModelFault(f"is not the pack that was written: {error}") from error


def model_of(found: bytes | ModelPack, ref: ModelRef) -> Model:
    """Load the model from what :meth:`ModelFiles.fetch` returned for it.

    :raises ModelFault: if its bytes are not a model of the format that ``ref`` names
    """
    return load_model(found, ref) if isinstance(found, bytes) else found.model(ref.sha256)


def read_model(container: BlobContainer, ref: ModelRef) -> bytes:
    """Return the bytes of a model's own file, checked against the registered digest.

    :raises ModelFault: if the file is missing, too large or altered
    :raises StorageFault: if storage refuses or does not answer
    """
    try:
        data = container.read(ref.blob, most_bytes=MOST_BYTES)
    except BlobMissing as error:
        raise ModelFault(f"there is no model {error.blob}") from error
    except DataFault as error:
        raise ModelFault(f"its model is too large: {error}") from error
    found = _digest(data)
    if found != ref.sha256:
        raise ModelFault(
            f"{ref.blob} has the digest {found[:_SHOWN_DIGITS]}..., "
            f"not the registered {ref.sha256[:_SHOWN_DIGITS]}...: it was altered after it was registered"
        )
    return data


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
