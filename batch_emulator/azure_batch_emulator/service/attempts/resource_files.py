"""Resource files of tasks: what makes no sense is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SOURCES = ("httpUrl", "storageContainerUrl", "autoStorageContainerName")


def check_files(body: Mapping[str, Any]) -> None:
    """Hold resource files against the rules.

    :raises ApiError: 400 for a file without exactly one source
    """
    for file in body.get("resourceFiles") or ():
        sources = [name for name in _SOURCES if file.get(name)]
        if len(sources) != 1:
            reason = f"exactly one of {', '.join(_SOURCES)} is needed"
            raise ApiError.bad_property("resourceFiles", sources, reason)
        if sources == ["httpUrl"] and not file.get("filePath"):
            raise ApiError.bad_property("resourceFiles.filePath", None, "needed with httpUrl")
