"""Fetching model files: each sensor's own, or its bytes out of a file of many, which is fetched once."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING

from scorer.errors import BlobMissing, ModelFault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scorer.storage import BlobContainer
    from scoring_contract.manifest import ModelRef, PackSlice


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
        """Return the bytes of a model's file; whether they are what the order names is still to be seen.

        :raises ModelFault: if there is no such file
        :raises StorageFault: if storage refuses or does not answer
        """
        is_shared = ref.pack is not None and ref.pack.blob in self._shared
        try:
            return self._slice(ref.pack) if ref.pack and is_shared else self._container.read(ref.blob)
        except BlobMissing as error:
            raise ModelFault(f"there is no model {error.blob}") from error

    def _slice(self, pack: PackSlice) -> bytes:
        data = self._pack(pack.blob)
        return data[pack.offset : pack.offset + pack.length]

    def _pack(self, blob: str) -> bytes:
        """Return a file of many; whoever asks first fetches it, others wait for that."""
        with self._locks[blob]:
            data = self._packs.get(blob)
            if data is None:
                data = self._packs[blob] = self._container.read(blob)
            self._left[blob] -= 1
            if self._left[blob] <= 0:
                del self._packs[blob]
        return data
