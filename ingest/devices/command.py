"""``python -m ingest simulate --event-hub`` and ``python -m ingest replay``: send events to an event hub."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.devices.fleet_source import FleetSource
from ingest.devices.job import Job, run_job
from ingest.devices.options import add_sending_options, disturbances_of
from ingest.devices.pace import SystemClock
from ingest.devices.replay_source import ReplaySource
from ingest.devices.state import StateFile
from ingest.errors import FormError, IngestError, NoReadings
from ingest.event_hub import address_of
from ingest.files.form_options import add_form_options, form_of
from ingest.files.readings_files import ReadingsFiles, files_of
from ingest.files.rejects_file import written_to
from ingest.fleet_options import DEFAULT_HOURS, add_fleet_options, fleet_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ingest.event_hub import HubAddress
    from ingest.reading import Reading

_SHOWN_REASONS = 10


def simulate_command(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Send the readings of a simulated fleet.

    :return: exit code: 0, or 1 if not all events could be sent
    :raises SystemExit: with code 2 and a sentence on stderr for an invalid command line
    """
    parser = argparse.ArgumentParser(
        prog="python -m ingest simulate",
        description="Send the readings of simulated devices as events, until SIGINT or SIGTERM ends it.",
        allow_abbrev=False,
    )
    parser.add_argument("--event-hub", action="store_true", required=True, help="send events")
    add_fleet_options(parser, needs_end=False)
    parser.add_argument("--labels", type=Path, metavar="FILE", help="receives the anomalies that were sent")
    add_sending_options(parser)
    return _finished(parser, argv, lambda order: _simulate(order, address_of(environ)))


def replay_command(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Send the rows of files.

    :return: exit code: 0, or 1 if not all events could be sent
    :raises SystemExit: with code 2 and a sentence on stderr for an invalid command line
    """
    parser = argparse.ArgumentParser(
        prog="python -m ingest replay",
        description="Send the readings of files as events, until SIGINT or SIGTERM ends it.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="a file, a folder, or a pattern in quotes: 'a/*.csv'"
    )
    parser.add_argument("--from-now", action="store_true", help="shift all moments: the first one is now")
    parser.add_argument("--seed", type=int, default=7, help="of what disturbs the devices; default: 7")
    parser.add_argument(
        "--rejects", type=Path, metavar="FILE", help="receives all refused rows, with line and reason"
    )
    add_sending_options(parser)
    add_form_options(parser)
    return _finished(parser, argv, lambda order: _replay(order, address_of(environ)))


def _finished(
    parser: argparse.ArgumentParser, argv: Sequence[str], run: Callable[[argparse.Namespace], int]
) -> int:
    order = parser.parse_args(argv)
    try:
        return run(order)
    except (FormError, ValueError) as error:
        parser.error(str(error))
    except IngestError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _simulate(order: argparse.Namespace, address: HubAddress) -> int:
    is_live = order.until is None
    if is_live and order.speed != 1:
        raise ValueError("--until is needed: only at --speed 1 a fleet goes on from now until it is stopped")
    if is_live and order.hours:
        raise ValueError("--hours needs --until")
    fleet, hours = fleet_of(order), None if is_live else order.hours or DEFAULT_HOURS
    disturbances = disturbances_of(order, seed=order.seed)
    if unknown := disturbances.devices - {str(number) for number in range(1, order.devices + 1)}:
        raise ValueError(f"the fleet has the devices 1 to {order.devices}, and no {min(unknown)!r}")
    facts = {"fleet": asdict(fleet), "range of hours": [order.until, hours, order.anomalous]}
    file = _state_file(order, address, {**facts, "set of disturbances": asdict(disturbances)})
    state = file.load(SystemClock().now())
    begin = order.until.start - timedelta(hours=hours) if hours else state.begun
    source = FleetSource(fleet, begin, hours, order.anomalous)
    since = max(state.position.arrival - disturbances.longest_delay, begin) if state.position else begin
    job = Job(
        address,
        source.readings(since),
        lambda measured: disturbances.dispatches(measured, begin),
        file,
        state,
        speed=order.speed,
        is_live=is_live,
        keep_arrival=order.keep_arrival,
        labels=order.labels,
        progress=lambda: (state.account.readings, source.total),
    )
    return _told(*asyncio.run(run_job(job)))


def _replay(order: argparse.Namespace, address: HubAddress) -> int:
    form, paths = form_of(order), files_of(order.files)
    with written_to(order.rejects) as on_reject:
        files = ReadingsFiles(paths, form, on_reject=on_reject)
        disturbances = disturbances_of(order, seed=order.seed)
        content = files.digest() if order.state else ""
        facts = {"content of the files": content, "choice of --from-now": order.from_now}
        file = _state_file(order, address, {**facts, "set of disturbances": asdict(disturbances)})
        state = file.load(SystemClock().now())
        first = _first_of(ReadingsFiles(paths, form))
        shift = state.begun.replace(microsecond=0) - first.moment if order.from_now else timedelta(0)
        source, begin = ReplaySource(files, shift), first.moment + shift
        job = Job(
            address,
            source.readings(),
            lambda measured: disturbances.dispatches(measured, begin),
            file,
            state,
            speed=order.speed,
            is_live=order.from_now and order.speed == 1,
            keep_arrival=order.keep_arrival,
            progress=lambda: (min(files.bytes_read, files.size), files.size),
        )
        account, error = asyncio.run(run_job(job))
        _tell_rejects(files)
        return _told({**account, "rejected": files.rejects.total}, error)


def _state_file(order: argparse.Namespace, address: HubAddress, facts: Mapping[str, object]) -> StateFile:
    # A local hub may have another port after a restart.
    host = address.host if address.host.startswith("[") else address.host.partition(":")[0]
    hub = {"event hub": f"{host}/{address.hub}", "choice of --keep-arrival": order.keep_arrival}
    return StateFile(order.state, {**hub, **facts})


def _first_of(files: ReadingsFiles) -> Reading:
    first = next(iter(files), None)
    if first is None:
        raise NoReadings(files.name, files.rejects.total, tuple(map(str, files.rejects.reasons)))
    return first


def _tell_rejects(files: ReadingsFiles) -> None:
    reasons = files.rejects.reasons
    lines = [f"  {reason}\n" for reason in reasons[:_SHOWN_REASONS]]
    if len(reasons) > _SHOWN_REASONS:
        lines.append(f"  and {len(reasons) - _SHOWN_REASONS} other reasons\n")
    if lines:
        sys.stderr.write("".join((f"{files.rejects.total:,} rows refused\n", *lines)))


def _told(account: Mapping[str, object], error: IngestError | None) -> int:
    """Print what was sent, and why it ended if that was no end."""
    sys.stdout.write(json.dumps(account, indent=2) + "\n")
    if error:
        raise error
    return 0
