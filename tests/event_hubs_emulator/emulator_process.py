"""An emulator in a process of its own, to be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

ROOT = Path(__file__).parents[2]
KEY = "made-up-for-tests"


class EmulatorProcess:
    """``python -m azure_event_hubs_emulator``, from its ready line to its end."""

    def __init__(self, data: Path, *options: str, hub: str = "sensors:2") -> None:
        command = [sys.executable, "-m", "azure_event_hubs_emulator", "--data", str(data), "--hub", hub]
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "event_hubs_emulator"),
            "AZURE_EVENT_HUBS_EMULATOR_KEY": KEY,
        }
        self._process = subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self._process.stdout is not None
        self.ready: dict[str, Any] = json.loads(self._process.stdout.readline())
        self.port = int(self.ready["endpoint"].rpartition(":")[2])

    def connection_string(self, hub: str) -> str:
        """Write what clients connect with."""
        return f"{self.ready['connectionString']};EntityPath={hub}"

    def kill(self) -> None:
        """End it as the kernel does when memory is short."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        self._process.terminate()
        return self._process.wait(30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()
