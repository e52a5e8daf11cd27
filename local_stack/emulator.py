"""The Batch emulator as a process of its own, as any other client would meet it."""

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
from local_stack.processes import Server

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
    """Run the emulator with its nodes' files in a folder and a key of its own.

    :param images: container image to the environment that stands for it
    :param boot_seconds: how long a node takes to start
    :param port: 0 for any free one
    :param options: more words of its command line
    :param key: of the account; a new one unless given, as for an account that is there already
    """
    key = key or base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
    command = [
        *(sys.executable, "-m", "azure_batch_emulator"),
        *("--host", "127.0.0.1", "--port", str(port), "--account", ACCOUNT, "--data", str(folder)),
        *("--boot-seconds", str(boot_seconds), "--enable-interval-seconds", "0"),
        *(word for name, prefix in images.items() for word in ("--image", f"{name}={prefix}")),
        *options,
    ]
    # The key by environment: a command line is for everyone to read. The emulator itself needs one folder;
    # the others are for rules that stand for the scorer.
    folders = [ROOT / "batch_emulator", ROOT, ROOT / "plugins", ROOT / "scoring_image"]
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, folders)),
        "AZURE_BATCH_EMULATOR_KEY": key,
    }
    with Server("the Batch emulator", command, log=log, environ=environ, reads_stdout=True) as server:
        ready = json.loads(server.first_line())
        yield BatchAccount(ready["endpoint"], key, server.process.pid)
