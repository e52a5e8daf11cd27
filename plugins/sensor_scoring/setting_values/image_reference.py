"""Names of container images, and what a pool's say about those of its Batch tasks. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

FORM = r"[^\s:@][^\s@]*(@sha256:[0-9a-f]{64})?"
"""Name, tag and digest, the last two if there are any, as ``docker pull`` takes them."""


@dataclass(frozen=True, slots=True)
class ImageReference:
    """The parts of an image's name.

    :param name: with its registry
    :param tag: ``latest`` if neither tag nor digest is given
    :param digest: empty if none is given: the tag then means whatever it points to when a node pulls it
    """

    name: str
    tag: str
    digest: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a name apart."""
        rest, _, digest = text.partition("@")
        found = re.fullmatch(r"(.*?)(?::([^:/]*))?", rest)
        name, tag = found.groups() if found else (rest, None)
        return cls(name, tag or ("" if digest else "latest"), digest)


def registry_of(image: str) -> str:
    """Return the server that an image is pulled from; empty for Docker Hub, which names leave out."""
    server, slash, _ = ImageReference.parse(image).name.partition("/")
    return server.lower() if slash and (server == "localhost" or set(server) & set(".:")) else ""


def image_troubles(pool: Mapping[str, Any], image: str) -> list[str]:
    """Say that a pool fetches another image than its Batch tasks run; nothing if it fetches none.

    Airflow asks no registry. That a tag has moved is known if the pool was made with one digest of it, and
    the setting has another.

    :param pool: the pool as the service describes it
    :param image: of the Batch tasks
    """
    machine = pool.get("virtualMachineConfiguration") or {}
    names = (machine.get("containerConfiguration") or {}).get("containerImageNames") or ()
    wanted, fetched = ImageReference.parse(image), [ImageReference.parse(str(name)) for name in names]
    if not fetched or wanted in fetched:
        return []
    said = (
        f"pool {pool['id']} was made to fetch {', '.join(map(str, names))}, and its Batch tasks run {image}"
    )
    if any(_has_moved(before, wanted) for before in fetched):
        said += f": the tag {wanted.tag} has moved since"
    return [f"{said}. Each node fetches that for the first of them; a new pool would fetch it at once"]


def _has_moved(before: ImageReference, now: ImageReference) -> bool:
    same_tag = now.tag != "" and (before.name, before.tag) == (now.name, now.tag)
    return same_tag and "" not in {before.digest, now.digest} and before.digest != now.digest
