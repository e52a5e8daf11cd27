"""Runs the Batch emulator as a separate process."""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local_stack.bootstrap import ROOT
from local_stack.services.processes import Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

ACCOUNT = "localbatch"
_KEY_BYTES = 64


@dataclass(frozen=True, slots=True)
class BatchAccount:
    """A running emulator."""

    endpoint: str
    key: str = field(repr=False)
    pid: int


@contextmanager
def running_emulator(
    folder: Path,
    *,
    log: Path,
    images: Mapping[str, Path],
    boot_seconds: float = 1.0,
    port: int = 0,
    options: Sequence[str] = (),
    key: str = "",
) -> Iterator[BatchAccount]:
    """Run the emulator.

    :param folder: for the files of its nodes
    :param log: for its output
    :param images: container image to the environment that replaces it
    :param boot_seconds: boot time of a node
    :param port: 0 for any free port
    :param options: additional command line arguments
    :param key: the account's key; empty for a new one
    :raises StackError: if it does not start
    """
    key = key or base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
    command = [
        *(sys.executable, "-m", "azure_batch_emulator"),
        *("--host", "127.0.0.1", "--port", str(port), "--account", ACCOUNT, "--data", str(folder)),
        *("--boot-seconds", str(boot_seconds), "--enable-interval-seconds", "0"),
        *(word for name, prefix in images.items() for word in ("--image", f"{name}={prefix}")),
        *options,
    ]
    # The key goes into the environment, because all users can read command lines. The emulator itself needs
    # only the first folder; rules that replace the scorer need the others.
    folders = [ROOT / "batch_emulator", ROOT, ROOT / "plugins", ROOT / "scoring_image"]
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, folders)),
        "AZURE_BATCH_EMULATOR_KEY": key,
    }
    with Server("the Batch emulator", command, log=log, environ=environ, reads_stdout=True) as server:
        ready = json.loads(server.first_line())
        yield BatchAccount(ready["endpoint"], key, server.process.pid)
