"""Which folder stands for which container image. No engine: an image is an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.runner.trouble import AttemptFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def canonical(image: str) -> str:
    """Write an image name with its tag; ``:latest`` if it has none."""
    _, _, last = image.rpartition("/")
    return image if ":" in last or "@" in last else f"{image}:latest"


class Images:
    """The images the emulator was told about."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = {canonical(name): folder for name, folder in folders.items()}

    def folder(self, image: str) -> Path:
        """Find the folder of an image.

        :raises AttemptFailed: if nobody said what stands for it
        """
        try:
            return self._folders[canonical(image)]
        except KeyError:
            raise AttemptFailed.user(
                "ContainerInvalidImage",
                f"The image {image} is not known here. Start the emulator with --image {image}=PREFIX, "
                "where PREFIX/bin holds the programs of the image.",
                Image=image,
            ) from None
