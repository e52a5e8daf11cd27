"""Start the emulator: ``python -m azure_batch_emulator --account NAME --key BASE64 --data DIR``.

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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from azure_batch_emulator.clock import ManualClock, ScaledClock, SystemClock
from azure_batch_emulator.errors import BadSetting, BadState
from azure_batch_emulator.private_variables import forget
from azure_batch_emulator.redaction import RedactingFormatter
from azure_batch_emulator.runner.container_engine import ENGINES
from azure_batch_emulator.runner.rules import rule_named
from azure_batch_emulator.runner.scripted import THREADS, ScriptedRunner
from azure_batch_emulator.server import Emulator
from azure_batch_emulator.settings import Settings
from azure_batch_emulator.web_server import address, check_controls, listen

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence

    from azure_batch_emulator.clock import Clock
    from azure_batch_emulator.runner.interface import Runner

KEY_VARIABLE = "AZURE_BATCH_EMULATOR_KEY"
STORAGE_VARIABLE = "AZURE_BATCH_EMULATOR_AUTO_STORAGE"


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        prog="azure_batch_emulator", description="A local Azure Batch on one machine.", allow_abbrev=False
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: loopback only)")
    add("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    add("--account", required=True, help="name of the Batch account")
    add("--key", help=f"account key, base64; may also come from {KEY_VARIABLE}")
    add("--data", type=Path, required=True, help="folder of the account's state and files")
    add("--image", action="append", default=[], metavar="NAME=PREFIX", help="folder that stands for an image")
    add(
        "--runner",
        choices=("processes", "container"),
        default="processes",
        help="what tasks with an image run in",
    )
    add("--engine", choices=ENGINES, help="container engine (default: the first on PATH)")
    add(
        "--image-alias",
        action="append",
        default=[],
        metavar="NAME=LOCAL",
        help="image that the engine has for NAME",
    )
    add(
        "--application",
        action="append",
        default=[],
        metavar="ID:VERSION=FOLDER",
        help="folder that stands for an application package",
    )
    add("--mount", action="append", default=[], metavar="NAME=FOLDER", help="folder that pools mount as NAME")
    add("--auto-storage", metavar="URL", help=f"signed URL of the account's storage; or {STORAGE_VARIABLE}")
    add("--certificate", type=Path, metavar="PEM", help="serve https with this certificate")
    add("--certificate-key", type=Path, metavar="PEM", help="its private key, if it is in a file of its own")
    add("--allow-bearer", action="store_true", help="accept any bearer token")
    add("--refuse-old-requests", action="store_true", help="refuse signed requests of 15 minutes ago")
    add("--supported-images", type=Path, metavar="JSON", help="file with the images that are listed")
    add("--allow-short-intervals", action="store_true", help="accept intervals under 5 minutes")
    add("--job-quota", type=int, default=300, metavar="N", help="active jobs allowed")
    add("--pool-quota", type=int, default=100, metavar="N", help="pools allowed")
    add("--core-quota", type=int, metavar="N", help="dedicated cores allowed")
    add("--low-priority-core-quota", type=int, metavar="N", help="low-priority cores allowed")
    add("--clock-speed", type=float, default=1, metavar="N", help="let time pass N times faster (default 1)")
    add("--manual-clock", action="store_true", help="let time stand still until /_emulator/clock turns it")
    add("--rule", metavar="MODULE:CALLABLE", help="let a function say how attempts end; nothing is run")
    add("--rule-threads", type=int, default=THREADS, metavar="N", help="attempts it is asked about at once")
    add("--controls", action="store_true", help="let /_emulator make things fail; loopback only")
    add("--verbose", action="store_true", help="log every request and more")
    for name, seconds, meaning in (
        ("boot", 2, "from asking for a node to an idle node"),
        ("stop-grace", 5, "between SIGTERM and SIGKILL of a task"),
        ("deletion", 0.5, "until an empty pool or job that is deleted is gone"),
        ("sample", 30, "between two autoscale samples"),
        ("sample-lag", 60, "until a sample is visible to formulas"),
        ("enable-interval", 30, "between two enable-autoscale requests of a pool"),
        ("idle-timeout", 120, "until a connection without a request is closed"),
        ("request-timeout", 60, "from the first byte of a request to its last"),
        ("send-timeout", 60, "for which an answer waits for a client that reads nothing of it"),
    ):
        add(
            f"--{name}-seconds",
            type=float,
            default=seconds,
            metavar="S",
            help=f"{meaning} (default {seconds})",
        )
    return parser


def settings_from(options: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """Turn parsed options into settings.

    :raises BadSetting: if one of them makes no sense
    """
    return Settings(
        account=options.account,
        key=options.key or environment.get(KEY_VARIABLE, ""),
        data=options.data.resolve(),
        boot=timedelta(seconds=options.boot_seconds),
        deletion=timedelta(seconds=options.deletion_seconds),
        refuse_old_requests=options.refuse_old_requests,
        supported_images=options.supported_images,
        images=dict(_folder("--image", text, "PREFIX") for text in options.image),
        containers=options.runner == "container",
        engine=options.engine,
        applications=dict(_application(text) for text in options.application),
        mounts=dict(_folder("--mount", text) for text in options.mount),
        auto_storage=options.auto_storage or environment.get(STORAGE_VARIABLE),
        image_aliases=dict(_pair("--image-alias", "LOCAL", text) for text in options.image_alias),
        stop_grace=timedelta(seconds=options.stop_grace_seconds),
        allow_bearer=options.allow_bearer,
        active_job_quota=options.job_quota,
        pool_quota=options.pool_quota,
        core_quota=options.core_quota,
        low_priority_core_quota=options.low_priority_core_quota,
        sample_period=timedelta(seconds=options.sample_seconds),
        sample_lag=timedelta(seconds=options.sample_lag_seconds),
        enable_interval=timedelta(seconds=options.enable_interval_seconds),
        idle_timeout=timedelta(seconds=options.idle_timeout_seconds),
        request_timeout=timedelta(seconds=options.request_timeout_seconds),
        send_timeout=timedelta(seconds=options.send_timeout_seconds),
        allow_short_intervals=options.allow_short_intervals,
        controls=options.controls,
        certificate=options.certificate,
        certificate_key=options.certificate_key,
    )


def clock_from(options: argparse.Namespace) -> Clock:
    """Make the clock that is asked for.

    :raises BadSetting: if it could not run
    """
    if options.manual_clock:
        if options.clock_speed != 1 or not options.controls:
            raise BadSetting("--manual-clock needs --controls, which turn it, and no --clock-speed")
        return ManualClock(datetime.now(UTC))
    try:
        return SystemClock() if options.clock_speed == 1 else ScaledClock(options.clock_speed)
    except ValueError as problem:
        raise BadSetting(f"--clock-speed: {problem}") from None


def runner_from(options: argparse.Namespace) -> Runner | None:
    """Make the runner that is asked for; None for real processes.

    :raises BadSetting: if the rule cannot be had
    """
    if options.rule_threads < 1:
        raise BadSetting("--rule-threads must be 1 or more")
    if options.rule and options.runner == "container":
        raise BadSetting("--rule runs nothing, hence no container: leave --runner out")
    return ScriptedRunner(rule_named(options.rule), threads=options.rule_threads) if options.rule else None


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
        emulator = Emulator(settings, clock=clock_from(options), runner=runner, access_log=options.verbose)
    except (BadSetting, BadState, ValueError) as problem:
        return _complain(str(problem))
    except (OSError, OverflowError) as problem:
        return _complain(f"cannot listen on {options.host}:{options.port} or use {options.data}: {problem}")
    for name in (KEY_VARIABLE, STORAGE_VARIABLE):
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


def _pair(option: str, meaning: str, text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise BadSetting(f"{option} takes NAME={meaning}, not {text!r}")
    return name, value


def _application(text: str) -> tuple[tuple[str, str], Path]:
    name, folder = _folder("--application", text)
    application, colon, version = name.partition(":")
    if not (application and colon and version):
        raise BadSetting(f"--application takes ID:VERSION=FOLDER, not {text!r}")
    return (application, version), folder


def _folder(option: str, text: str, meaning: str = "FOLDER") -> tuple[str, Path]:
    name, folder = _pair(option, meaning, text)
    path = Path(folder).resolve()
    if not path.is_dir():
        raise BadSetting(f"{option} {name}: there is no folder {path}")
    return name, path


def _complain(sentence: str) -> int:
    sys.stderr.write(f"azure_batch_emulator: {sentence}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
