"""Which folder stands for which container image. No engine: an image is an environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from azure_batch_emulator.runner.errors import AttemptFailed
from azure_batch_emulator.runner.launch import Launch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from azure_batch_emulator.runner.interface import AttemptSpec, Container


def canonical(image: str) -> str:
    """Write an image name with its tag; ``:latest`` if it has none."""
    _, _, last = image.rpartition("/")
    return image if ":" in last or "@" in last else f"{image}:latest"


class Images:
    """The images the emulator was told about; their programs run as processes of this machine."""

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

    def begin(self) -> None:
        """Do nothing: processes of an emulator before this one have ended with it."""

    def check(self, spec: AttemptSpec, argv: Sequence[str]) -> None:
        """Check an attempt before anything is done for it.

        :raises AttemptFailed: if its image is not known, or it relies on an entry point
        """
        if spec.container is not None:
            self.folder(spec.container.image)
        if not argv:
            message = "The command line is empty, and a folder of programs has no entry point"
            raise AttemptFailed.user("CommandLaunchFailed", message)

    def launch(self, spec: AttemptSpec, argv: Sequence[str], environment: Mapping[str, str]) -> Launch:
        """Put the programs of the image first on PATH."""
        if spec.container is None:
            return Launch(argv, environment)
        programs = self.folder(spec.container.image) / "bin"
        return Launch(argv, {**environment, "PATH": f"{programs}{os.pathsep}{environment['PATH']}"})

    def has(self, _run_id: int) -> bool:
        """Tell that signals reach what runs."""
        return False

    def ask_to_end(self, attempt_id: int) -> None:
        """Do nothing: the supervisor does it."""

    def end(self, attempt_id: int) -> None:
        """Do nothing: what runs is a process, and the supervisor's."""

    def fetch(self, images: Iterable[Container]) -> None:
        """Do nothing: folders are at hand, and a task says which is missing."""

    def close(self) -> None:
        """Do nothing."""
