"""File systems that a pool mounts on its nodes: here local folders, below the node's folder of mounts."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.records.nodes import NodeError
from azure_batch_emulator.runner.interface import Link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.settings import Settings

_KINDS = (
    "azureBlobFileSystemConfiguration",
    "azureFileShareConfiguration",
    "nfsMountConfiguration",
    "cifsMountConfiguration",
)
_CREDENTIALS = ("accountKey", "sasKey", "identityReference")
_MOST = 10
_FAILED = "An error was encountered while configuring specified mount(s)"
"""What the service says of a node that could not mount; its code is not documented, only the text, and that
``Message`` and ``MountConfigurationPath`` come with it:
https://learn.microsoft.com/azure/batch/virtual-file-mount#diagnose-mount-errors"""


def check(body: Mapping[str, Any]) -> None:
    """Hold the mounts of a pool against the rules.

    :raises ApiError: 400 if there are too many, two have one path, or one is not of one kind, leads elsewhere
        or has not just one credential
    """
    mounts = body.get("mountConfiguration") or ()
    if len(mounts) > _MOST:
        raise ApiError.bad_property("mountConfiguration", len(mounts), f"at most {_MOST} are allowed")
    paths: set[PurePosixPath] = set()
    for mount in mounts:
        kind = _only("mountConfiguration", mount, _KINDS)
        if kind == "azureBlobFileSystemConfiguration":
            _only(f"mountConfiguration.{kind}", mount[kind], _CREDENTIALS)
        path = PurePosixPath(str(mount[kind].get("relativeMountPath") or ""))
        if path.is_absolute() or ".." in path.parts or path == PurePosixPath():
            reason = "a path below the folder of mounts is needed"
            raise ApiError.bad_property("mountConfiguration.relativeMountPath", str(path), reason)
        if path in paths:
            reason = "each mount needs a path of its own"
            raise ApiError.bad_property("mountConfiguration.relativeMountPath", str(path), reason)
        paths.add(path)


def _only(place: str, body: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return which one of some properties is given.

    :raises ApiError: 400 if it is none or several; the values are not shown
    """
    given = [name for name in names if body.get(name)]
    if len(given) != 1:
        raise ApiError.bad_property(place, given, f"exactly one of {', '.join(names)} is needed")
    return given[0]


def links(settings: Settings, pool: Pool, root: Path) -> tuple[Link, ...]:
    """List where the mounts of a pool appear on a node."""
    found = ((path, settings.mounts.get(name)) for name, path in _mounts(pool))
    return tuple(Link(root / "fsmounts" / path, folder) for path, folder in found if folder is not None)


def error(settings: Settings, pool: Pool) -> NodeError | None:
    """Tell why a pool's nodes are of no use: the first mount that no folder stands for."""
    for name, path in _mounts(pool):
        if name not in settings.mounts:
            message = (
                f"{_FAILED}: nothing stands for {name} at {path}; "
                f"start the emulator with --mount {name}=FOLDER."
            )
            details = (("Message", message), ("MountConfigurationPath", path))
            return NodeError("MountConfigurationError", message, details)
    return None


def _mounts(pool: Pool) -> Iterator[tuple[str, str]]:
    for mount in pool.spec.get("mountConfiguration") or ():
        kind = next(kind for kind in _KINDS if mount.get(kind))
        yield _name(kind, mount[kind]), str(mount[kind]["relativeMountPath"])


def _name(kind: str, mount: Mapping[str, Any]) -> str:
    if kind == "azureBlobFileSystemConfiguration":
        return f"{mount.get('accountName')}/{mount.get('containerName')}"
    if kind == "azureFileShareConfiguration":
        return str(mount.get("azureFileUrl")).rstrip("/")
    return str(mount.get("source"))
