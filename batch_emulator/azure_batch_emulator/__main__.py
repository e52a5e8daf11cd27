"""Start the emulator: ``python -m azure_batch_emulator --account NAME --key BASE64 --data DIR``.

Prints one line of JSON on standard output when it is ready; everything else goes to standard error.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

from azure_batch_emulator.command_line import (
    KEY_VARIABLE,
    STORAGE_VARIABLE,
    TOKEN_VARIABLE,
    clock_from,
    parser,
    runner_from,
    settings_from,
)
from azure_batch_emulator.errors import BadSetting, BadState
from azure_batch_emulator.private_variables import forget
from azure_batch_emulator.redaction import RedactingFormatter
from azure_batch_emulator.server import Emulator
from azure_batch_emulator.web_server import address, check_controls, listen

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from azure_batch_emulator.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, stream=sys.stderr)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log signed URLs
    try:
        settings = settings_from(options, os.environ)
        listener = listen(options.host, options.port)
        check_controls(settings, listener)
        runner = runner_from(options)
        emulator = Emulator(
            settings, clock=clock_from(options, settings), runner=runner, access_log=options.verbose
        )
    except (BadSetting, BadState, ValueError) as problem:
        return _complain(str(problem))
    except (OSError, OverflowError) as problem:
        return _complain(f"cannot listen on {options.host}:{options.port} or use {options.data}: {problem}")
    for name in (KEY_VARIABLE, STORAGE_VARIABLE, TOKEN_VARIABLE):
        forget(name)
    asyncio.run(_serve(emulator, listener, settings))
    return 0


async def _serve(emulator: Emulator, listener: socket.socket, settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, emulator.stop)

    def announce() -> None:
        ready = {"endpoint": address(listener, settings), "account": settings.account, "pid": os.getpid()}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()

    await emulator.serve(listener, ready=announce)


def _complain(sentence: str) -> int:
    sys.stderr.write(f"azure_batch_emulator: {sentence}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
