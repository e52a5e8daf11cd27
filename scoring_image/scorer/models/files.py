"""Fetching models: each sensor's own file, or a file of many, which is fetched once."""

from __future__ import annotations

import hashlib
from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from scorer.errors import BlobMissing, DataFault, ModelFault
from scorer.models.format import FORMAT, MOST_BYTES, load_model
from scoring_contract.errors import MessageError
from scoring_contract.layout import digest_of_model_pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scorer.models.ocsvm import Model
    from scorer.models.pack_format import ModelPack
    from scorer.storage import BlobContainer
    from scoring_contract.manifest import ModelRef

MOST_PACK_BYTES = 256 << 20
"""A larger file of many is not fetched: it is held in memory, and single files are there."""
_SHOWN_DIGITS = 12


class ModelFiles:
    """The models of one order. Threads may share it.

    A file of many is fetched when the first of its sensors asks, and let go when the last one has been
    served: what is held does not grow with the number of sensors.

    :param container: the ``models`` container
    :param refs: the models that will be asked for, each once
    :param complain: tells people of a file of many that is not as it should be
    """

    def __init__(
        self, container: BlobContainer, refs: Iterable[ModelRef], complain: Callable[[str], None]
    ) -> None:
        self._container = container
        self._complain = complain
        self._left = Counter(ref.pack.blob for ref in refs if ref.pack)
        # One sensor alone is served sooner, and with less to read, by its own file.
        self._shared = {blob for blob, users in self._left.items() if users > 1}
        self._packs: dict[str, _PackFile] = {}
        self._locks = {blob: Lock() for blob in self._shared}

    def fetch(self, ref: ModelRef) -> bytes | ModelPack:
        """Return the bytes of a model that the order names, or the pack that holds it as numbers.

        A file of many that is gone, too large or not what it was costs nobody their model: each is then read
        from its own file.

        :raises ModelFault: if its file is gone, or holds anything else
        :raises StorageFault: if storage refuses or does not answer
        """
        if ref.pack is not None and ref.pack.blob in self._shared:
            file = self._file(ref.pack.blob)
            if file.pack is not None and ref.format == FORMAT and ref.sha256 in file.pack:
                return file.pack
            data = file.data[ref.pack.offset : ref.pack.offset + ref.pack.length]
            if _digest(data) == ref.sha256:
                return data
        return read_model(self._container, ref)

    def _file(self, blob: str) -> _PackFile:
        """Return a file of many; whoever asks first fetches it, others wait for that."""
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
            problem = "is gone"
        except DataFault as fault:
            problem = f"is not read: {fault}"
        except ModelFault as fault:
            problem = str(fault)
        self._complain(
            f"models/{blob} {problem}; each of its models is read from a file of its own until "
            "'python -m scorer models pack' writes it anew"
        )
        return _PackFile(b"", None)


class _PackFile(NamedTuple):
    """A file of many."""

    data: bytes
    pack: ModelPack | None
    """Models that it holds as numbers; None if it holds files alone, as those of earlier versions."""


def pack_of(blob: str, data: bytes) -> ModelPack | None:
    """Read the models that a file of many holds as numbers; None if it holds files alone.

    :raises ModelFault: if it is not the file that was written under this name, or is none at all
    """
    sha256 = digest_of_model_pack(blob)
    if sha256 is None:
        return None
    from scorer.models.pack_format import read_pack  # noqa: PLC0415  # who scores one sensor does without

    try:
        return read_pack(data, sha256=sha256)
    except MessageError as error:
        raise ModelFault(f"is not the pack that was written: {error}") from error


def model_of(found: bytes | ModelPack, ref: ModelRef) -> Model:
    """Return the model out of what was fetched for it.

    :raises ModelFault: if its bytes are not of the nature and form that the order names
    """
    return load_model(found, ref) if isinstance(found, bytes) else found.model(ref.sha256)


def read_model(container: BlobContainer, ref: ModelRef) -> bytes:
    """Return the bytes that were registered, out of a model's own file.

    :raises ModelFault: if the file is gone, or holds anything else
    :raises StorageFault: if storage refuses or does not answer
    """
    try:
        data = container.read(ref.blob, most_bytes=MOST_BYTES)
    except BlobMissing as error:
        raise ModelFault(f"there is no model {error.blob}") from error
    except DataFault as error:
        raise ModelFault(f"it is larger than any model: {error}") from error
    found = _digest(data)
    if found != ref.sha256:
        raise ModelFault(
            f"{ref.blob} has the digest {found[:_SHOWN_DIGITS]}..., "
            f"the order names {ref.sha256[:_SHOWN_DIGITS]}...: it is not the model that was registered"
        )
    return data


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
