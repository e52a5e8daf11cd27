"""Start the emulator: ``python -m azure_event_hubs_emulator --data DIR --hub NAME:PARTITIONS``.

Prints one line of JSON on standard output when it is ready; everything else goes to standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from azure_event_hubs_emulator.clock import SystemClock
from azure_event_hubs_emulator.errors import BadSetting, BadState
from azure_event_hubs_emulator.hubs import parse_hub, read_config
from azure_event_hubs_emulator.server import Emulator, connection_string, endpoint_of, listen
from azure_event_hubs_emulator.service.tokens import Policy
from azure_event_hubs_emulator.settings import DEFAULT_POLICY, Settings, new_key
from azure_event_hubs_emulator.store.partition_log import Retention

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence

KEY_VARIABLE = "AZURE_EVENT_HUBS_EMULATOR_KEY"
_MEBIBYTE = 1 << 20


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        prog="azure_event_hubs_emulator",
        description="A local Azure Event Hubs on one machine.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: loopback only)")
    add("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    add("--data", type=Path, required=True, help="folder of the events")
    add(
        "--hub",
        action="append",
        default=[],
        metavar="NAME:PARTITIONS[:GROUP,GROUP]",
        help="a hub, with consumer groups beside $Default; repeatable",
    )
    add("--config", type=Path, metavar="JSON", help="hubs from a Config.json of Microsoft's own emulator")
    add(
        "--key-name", default=DEFAULT_POLICY, metavar="NAME", help=f"policy's name (default {DEFAULT_POLICY})"
    )
    add("--retention-hours", type=float, default=24, metavar="H", help="age at which events go (default 24)")
    add(
        "--retention-mib",
        type=float,
        default=1024,
        metavar="N",
        help="MiB kept of a partition (default 1024)",
    )
    add(
        "--segment-mib",
        type=float,
        default=16,
        metavar="N",
        help="MiB of a file, deleted at once (default 16)",
    )
    add("--fsync", action="store_true", help="flush every batch to the disk before it is acknowledged")
    add(
        "--clock",
        choices=("system", "events"),
        default="system",
        help="what tells when events arrive; events: their annotation x-opt-enqueued-time (default system)",
    )
    add("--allow-jwt", action="store_true", help="accept any JSON web token, unread")
    add("--idle-seconds", type=float, default=240, metavar="S", help="silence that ends a connection")
    add("--keep-nothing", action="store_true", help="acknowledge events and forget them, for measurements")
    add("--verbose", action="store_true", help="log more")
    return parser


def settings_from(options: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """Turn parsed options into settings.

    :raises BadSetting: if one of them makes no sense
    """
    hubs = tuple(map(parse_hub, options.hub))
    if options.config is not None:
        hubs += read_config(options.config)[1]
    retention = Retention(
        milliseconds=int(timedelta(hours=options.retention_hours) / timedelta(milliseconds=1)),
        most_bytes=int(options.retention_mib * _MEBIBYTE),
        segment_bytes=int(options.segment_mib * _MEBIBYTE),
    )
    return Settings(
        data=options.data.resolve(),
        hubs=hubs,
        policy=Policy(options.key_name, environment.get(KEY_VARIABLE) or new_key()),
        retention=retention,
        fsync=options.fsync,
        keep_nothing=options.keep_nothing,
        arrivals_by_events=options.clock == "events",
        allow_jwt=options.allow_jwt,
        idle_seconds=options.idle_seconds,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO if options.verbose else logging.WARNING,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        settings = settings_from(options, os.environ)
        with listen(options.host, options.port) as listener:
            asyncio.run(_serve(settings, listener))
    except (BadSetting, BadState) as problem:
        return _complain(str(problem))
    except OSError as problem:
        return _complain(f"cannot listen on {options.host}:{options.port} or use {options.data}: {problem}")
    return 0


async def _serve(settings: Settings, listener: socket.socket) -> None:
    endpoint = endpoint_of(listener)
    emulator = Emulator(settings, clock=SystemClock(), endpoint=endpoint)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, emulator.stop)

    def announce() -> None:
        ready = {
            "endpoint": endpoint,
            "connectionString": connection_string(endpoint, settings),
            "hubs": {hub.name: hub.partitions for hub in settings.hubs},
            "pid": os.getpid(),
        }
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()

    await emulator.serve(listener, ready=announce)


def _complain(sentence: str) -> int:
    sys.stderr.write(f"azure_event_hubs_emulator: {sentence}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
