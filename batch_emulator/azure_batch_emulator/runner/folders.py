"""The folders of an attempt: made before it, and put out of the way when they are not wanted any more."""

from __future__ import annotations

import logging
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from azure_batch_emulator.confined.folder import Area, Folder
from azure_batch_emulator.confined.removing import hide, remove
from azure_batch_emulator.runner.errors import AttemptFailed

if TYPE_CHECKING:
    from azure_batch_emulator.runner.interface import AttemptSpec, Link

_LOG = logging.getLogger(__name__)


def lay_out(spec: AttemptSpec) -> None:
    """Make the folders of an attempt, with empty outputs.

    What an earlier attempt put in the place of a file goes; a folder that is none any more stays what it is.

    :raises AttemptFailed: if a folder cannot be made, or the disk does not let us
    """
    try:
        with Folder.at(spec.root) as root:
            for directory in spec.node_directories:
                _make(root, Area(spec.root, directory))
            for link in spec.links:
                _appear(root, Area(spec.root, link.path), link)
            with root.made(spec.area.names) as folder:
                folder.made(("wd",)).close()
                for name in ("stdout.txt", "stderr.txt"):
                    folder.create(name).close()
    except OSError as problem:
        message = "A directory of the task could not be created"
        raise AttemptFailed.server("ResourceDirectoryCreateFailed", message, Reason=str(problem)) from None


def write_output(spec: AttemptSpec, name: str, text: str) -> None:
    """Write one of the files beside ``wd``, in place of whatever is there.

    :raises OSError: if it cannot be written
    """
    with spec.area.open() as folder, folder.create(name) as file:
        file.write(text.encode())


def put_away(area: Area) -> Area | None:
    """Move a folder out of the way at once; return where it is to be deleted, None if it was never made."""
    with suppress(OSError), Area(area.root, area.path.parent).open() as above:
        return Area(area.root, area.path.with_name(hide(above, area.path.name)))
    return None


def delete(area: Area) -> None:
    """Delete a folder that was put away; what cannot be deleted is left and logged."""
    try:
        with Area(area.root, area.path.parent).open() as above:
            remove(above, area.path.name)
    except FileNotFoundError:
        pass  # its node went meanwhile, and took it along
    except OSError as problem:
        _LOG.warning("%s could not be deleted whole: %s", area.path, problem.strerror)


def _make(root: Folder, area: Area) -> None:
    """Make a folder in one that is none of a task; a task may have put something else there, and keeps it."""
    *above, name = area.names
    with root.made(above) as folder:
        folder.make(name)


def _appear(root: Folder, area: Area, link: Link) -> None:
    """Make a link, or turn one that leads elsewhere; others may do the same at this moment."""
    *above, name = area.names
    with root.made(above) as folder:
        with suppress(OSError):
            if folder.target(name) == str(link.folder):
                return
        new = f".link-{uuid.uuid4().hex}"
        folder.link(new, link.folder)
        folder.move(new, folder, name)
