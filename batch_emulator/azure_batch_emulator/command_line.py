"""The command line of the emulator, and what is made from it: settings, clock and runner."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from azure_batch_emulator.clock import ManualClock, ScaledClock, SystemClock
from azure_batch_emulator.errors import BadSetting
from azure_batch_emulator.runner.container_engine import ENGINES
from azure_batch_emulator.runner.rules import rule_named
from azure_batch_emulator.runner.scripted import THREADS, ScriptedRunner
from azure_batch_emulator.settings import (
    AUTHENTICATION_MODES,
    POOL_ALLOCATION_MODES,
    PUBLIC_NETWORK_ACCESSES,
    Settings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.clock import Clock
    from azure_batch_emulator.runner.interface import Runner

KEY_VARIABLE = "AZURE_BATCH_EMULATOR_KEY"
STORAGE_VARIABLE = "AZURE_BATCH_EMULATOR_AUTO_STORAGE"
TOKEN_VARIABLE = "AZURE_BATCH_EMULATOR_CONTROL_TOKEN"  # noqa: S105  its name
_SPANS = (
    ("boot", 2, "from asking for a node to an idle node"),
    ("stop-grace", 5, "between SIGTERM and SIGKILL of a task"),
    ("deletion", 0.5, "until an empty pool or job that is deleted is gone"),
    ("sample", 30, "between two autoscale samples"),
    ("sample-lag", 60, "until a sample is visible to formulas"),
    ("enable-interval", 30, "between two enable-autoscale requests of a pool"),
    ("idle-timeout", 120, "until a connection without a request is closed"),
    ("request-timeout", 60, "from the first byte of a request to its last"),
    ("send-timeout", 60, "for which an answer waits for a client that reads nothing of it"),
)
"""Options in seconds: name, default, meaning."""
_RESOURCE = (
    ("subscription", "00000000-0000-0000-0000-000000000000"),
    ("resource group", "local"),
    ("location", "local"),
)
"""Options that say where the account stands in Azure Resource Manager: name, default."""


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        prog="azure_batch_emulator", description="A local Azure Batch on one machine.", allow_abbrev=False
    )
    parser.add_argument("--verbose", action="store_true", help="log every request and more")
    _add_account(parser.add_argument_group("account"))
    _add_server(parser.add_argument_group("server"))
    _add_tasks(parser.add_argument_group("what tasks run in and use"))
    _add_time(parser.add_argument_group("time"))
    _add_tests(parser.add_argument_group("for tests"))
    return parser


def _add_account(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--account", required=True, help="name of the Batch account")
    add("--key", help=f"account key, base64; may also come from {KEY_VARIABLE}")
    add("--data", type=Path, required=True, help="folder of the account's state and files")
    add("--auto-storage", metavar="URL", help=f"signed URL of the account's storage; or {STORAGE_VARIABLE}")
    add("--supported-images", type=Path, metavar="JSON", help="file with the images that are listed")
    for name, default in _RESOURCE:
        meaning = f"{name} of the account, in Azure Resource Manager (default {default})"
        add(f"--{name.replace(' ', '-')}", default=default, metavar="NAME", help=meaning)
    for name, words, meaning in (
        ("pool-allocation-mode", POOL_ALLOCATION_MODES, "whose subscription nodes are said to be in"),
        ("public-network-access", PUBLIC_NETWORK_ACCESSES, "who is said to reach the account"),
    ):
        add(f"--{name}", choices=words, default=words[0], help=f"{meaning} (default {words[0]})")
    modes = "how requests of the data plane may sign in (default: any)"
    add(
        "--authentication-modes",
        nargs="+",
        choices=AUTHENTICATION_MODES,
        default=AUTHENTICATION_MODES,
        help=modes,
    )
    add("--job-quota", type=int, default=300, metavar="N", help="active jobs allowed")
    add("--pool-quota", type=int, default=100, metavar="N", help="pools allowed")
    add("--core-quota", type=int, metavar="N", help="dedicated cores allowed")
    add("--low-priority-core-quota", type=int, metavar="N", help="low-priority cores allowed")


def _add_server(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: loopback only)")
    add("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    add("--certificate", type=Path, metavar="PEM", help="serve https with this certificate")
    add("--certificate-key", type=Path, metavar="PEM", help="its private key, if it is in a file of its own")
    add("--allow-bearer", action="store_true", help="accept any bearer token")
    add("--refuse-old-requests", action="store_true", help="refuse signed requests of 15 minutes ago")


def _add_tasks(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    runners = ("processes", "container")
    add("--runner", choices=runners, default="processes", help="what tasks with an image run in")
    add("--engine", choices=ENGINES, help="container engine (default: the first on PATH)")
    for name, form, meaning in (
        ("image", "NAME=PREFIX", "folder that stands for an image"),
        ("image-alias", "NAME=LOCAL", "image that the engine has for NAME"),
        ("application", "ID:VERSION=FOLDER", "folder that stands for an application package"),
        ("mount", "NAME=FOLDER", "folder that pools mount as NAME"),
    ):
        add(f"--{name}", action="append", default=[], metavar=form, help=meaning)


def _add_time(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--clock-speed", type=float, default=1, metavar="N", help="let time pass N times faster (default 1)")
    add("--manual-clock", action="store_true", help="let time stand still until /_emulator/clock turns it")
    add("--allow-short-intervals", action="store_true", help="accept intervals under 5 minutes")
    for name, seconds, meaning in _SPANS:
        help_line = f"{meaning} (default {seconds})"
        add(f"--{name}-seconds", type=float, default=seconds, metavar="S", help=help_line)


def _add_tests(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--rule", metavar="MODULE:CALLABLE", help="let a function say how attempts end; nothing is run")
    add("--rule-threads", type=int, default=THREADS, metavar="N", help="attempts it is asked about at once")
    help_line = (
        f"let /_emulator make things fail: on loopback, or for whoever has the token in {TOKEN_VARIABLE}"
    )
    add("--controls", action="store_true", help=help_line)


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
        pool_allocation_mode=options.pool_allocation_mode,
        public_network_access=options.public_network_access,
        authentication_modes=tuple(options.authentication_modes),
        active_job_quota=options.job_quota,
        pool_quota=options.pool_quota,
        subscription=options.subscription,
        resource_group=options.resource_group,
        location=options.location,
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
        control_token=environment.get(TOKEN_VARIABLE, ""),
        certificate=options.certificate,
        certificate_key=options.certificate_key,
    )


def clock_from(options: argparse.Namespace, settings: Settings) -> Clock:
    """Make the clock that is asked for.

    :raises BadSetting: if it could not run
    """
    if options.manual_clock:
        if options.clock_speed != 1 or not settings.has_controls:
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
