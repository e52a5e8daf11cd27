"""``make models``: the registry of the stack that ``make up`` leaves running, or of the data it has left."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from local_stack import standing
from local_stack.azurite import BlobStorage, running_azurite
from local_stack.bootstrap import python_of
from local_stack.processes import StackError
from scoring_contract.access import variable_of
from scoring_contract.layout import Container

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def models(words: Sequence[str]) -> int:
    """Run ``scorer models`` in the environment that also scores; its exit code is ours.

    :param words: what follows ``models``
    :raises StackError: if no stack is up and none has left data
    """
    with kept_storage() as storage:
        return run_models(storage, standing.workspace().scorer, words)


@contextmanager
def kept_storage() -> Iterator[BlobStorage]:
    """Open the Blob Storage of the stack that is up, or of the data that one has left.

    :raises StackError: if there is neither
    """
    running, workspace = standing.standing(), standing.workspace()
    if running is not None:
        yield BlobStorage.at(running.blobs)
        return
    if not workspace.blobs.is_dir():
        raise StackError("no stack is up, and none has left data here: make up comes first")
    log = workspace.logs / "kept-azurite.log"
    with workspace.locked(), running_azurite(workspace.blobs, log=log) as storage:
        yield storage


def run_models(storage: BlobStorage, scorer: Path, words: Sequence[str]) -> int:
    """Run ``scorer models`` on the registry in a storage; return its exit code.

    :param scorer: the scorer's environment
    """
    access = {variable_of(Container.MODELS): storage.signed_url(Container.MODELS, "rcw")}
    done = subprocess.run(
        [python_of(scorer), "-m", "scorer", "models", *words], env={**os.environ, **access}, check=False
    )
    return done.returncode
