"""``make models``: the registry command on the stack of ``make up``, or on its data after ``make down``."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from local_stack import standing
from local_stack.bootstrap import python_of
from local_stack.services.azurite import BlobStorage, running_azurite
from local_stack.services.processes import StackError
from scoring_contract.access import variable_of
from scoring_contract.layout import Container

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def models(words: Sequence[str]) -> int:
    """Run ``scorer models`` in the scorer's environment; return its exit code.

    :param words: the arguments after ``models``
    :raises StackError: if no stack is running and there is no data of one
    """
    with kept_storage() as storage:
        return run_models(storage, standing.workspace().scorer, words)


@contextmanager
def kept_storage() -> Iterator[BlobStorage]:
    """Open the Blob Storage of the running stack or, without one, its data from before.

    :raises StackError: if there is neither
    """
    running, workspace = standing.standing(), standing.workspace()
    if running is not None:
        yield BlobStorage(running.blobs)
        return
    if not workspace.blobs.is_dir():
        raise StackError("no stack is up, and there is no data of one: run make up first")
    log = workspace.logs / "kept-azurite.log"
    with workspace.locked(), running_azurite(workspace.blobs, log=log) as storage:
        yield storage


def run_models(storage: BlobStorage, scorer: Path, words: Sequence[str]) -> int:
    """Run ``scorer models`` on the registry of a storage; return its exit code.

    :param scorer: the scorer's environment
    :param words: the arguments after ``models``
    """
    access = {variable_of(Container.MODELS): storage.signed_url(Container.MODELS, "rcw")}
    done = subprocess.run(
        [python_of(scorer), "-m", "scorer", "models", *words], env={**os.environ, **access}, check=False
    )
    return done.returncode
