"""Fetching model files: each sensor's own, or its bytes out of a file of many, which is fetched once."""

from __future__ import annotations

import hashlib
from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING

from scorer.errors import BlobMissing, DataFault, ModelFault
from scorer.model_format import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scorer.storage import BlobContainer
    from scoring_contract.manifest import ModelRef, PackSlice

MOST_PACK_BYTES = 256 << 20
"""A larger file of many is not fetched: it is held in memory, and single files are there."""
_SHOWN_DIGITS = 12


class ModelFiles:
    """The models of one order. Threads may share it.

    A file of many is fetched when the first of its sensors asks, and let go when the last one has been
    served: what is held does not grow with the number of sensors.

    :param container: the ``models`` container
    :param refs: the models that will be asked for, each once
    """

    def __init__(self, container: BlobContainer, refs: Iterable[ModelRef]) -> None:
        self._container = container
        self._left = Counter(ref.pack.blob for ref in refs if ref.pack)
        # One sensor alone is served sooner, and with less to read, by its own file.
        self._shared = {blob for blob, users in self._left.items() if users > 1}
        self._packs: dict[str, bytes] = {}
        self._locks = {blob: Lock() for blob in self._shared}

    def data(self, ref: ModelRef) -> bytes:
        """Return the bytes of a model that the order names.

        A file of many that is gone, too large or not what it was costs nobody their model: each is then read
        from its own file.

        :raises ModelFault: if its file is gone, or holds anything else
        :raises StorageFault: if storage refuses or does not answer
        """
        if ref.pack is not None and ref.pack.blob in self._shared:
            data = self._slice(ref.pack)
            if _digest(data) == ref.sha256:
                return data
        return read_model(self._container, ref)

    def _slice(self, pack: PackSlice) -> bytes:
        data = self._pack(pack.blob)
        return data[pack.offset : pack.offset + pack.length]

    def _pack(self, blob: str) -> bytes:
        """Return a file of many; whoever asks first fetches it, others wait for that."""
        with self._locks[blob]:
            data = self._packs.get(blob)
            if data is None:
                data = self._packs[blob] = self._whole(blob)
            self._left[blob] -= 1
            if self._left[blob] <= 0:
                del self._packs[blob]
        return data

    def _whole(self, blob: str) -> bytes:
        try:
            return self._container.read(blob, most_bytes=MOST_PACK_BYTES)
        except (BlobMissing, DataFault):
            return b""


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
