"""Command line: ``python -m ingest load FILE ...``, ``names``, ``simulate``, ``replay`` and ``stream``.

``INGEST_DATA_URL`` holds the container's URL with a signature, or ``--container-url`` names it without one;
without a signature, the signed-in identity is used. A signature on the command line would be visible in
process listings, and is refused. With ``--packed``, the registry in the ``models`` container
(``INGEST_MODELS_URL`` or ``--models-url``) decides which sensors share files.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.containers import MODELS_URL_VARIABLE, URL_VARIABLE, container_of, container_url
from ingest.errors import FormError, IngestError
from ingest.files.form_options import add_form_options, form_of
from ingest.files.name_list import name_lines
from ingest.files.readings_files import ReadingsFiles, files_of
from ingest.files.rejects_file import written_to
from ingest.fleet_options import DEFAULT_HOURS, add_fleet_options, fleet_of
from ingest.loader import lay_out
from ingest.packs import packs_of
from ingest.progress_line import ProgressLine
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from azure.storage.blob import ContainerClient

    from ingest.loader import Laid

_SHOWN_REASONS = 10


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command.

    :return: exit code: 0, or 1 if the readings could not be loaded
    :raises SystemExit: with code 2 and a sentence on stderr for an invalid command line
    """
    if argv[:1] == ["stream"]:
        from ingest.stream_analytics.command import run_command  # noqa: PLC0415 - DuckDB takes its time to load

        return run_command(argv[1:], environ)
    if argv[:1] == ["replay"]:
        from ingest.devices.command import replay_command  # noqa: PLC0415 - loading needs no event hub

        return replay_command(argv[1:], environ)
    if argv[:1] == ["simulate"] and "--event-hub" in argv:
        from ingest.devices.command import simulate_command  # noqa: PLC0415 - as above

        return simulate_command(argv[1:], environ)
    parser = _parser()
    order = parser.parse_args(argv)
    if order.command == "names":
        return _print_names(order.file)
    try:
        url = container_url(order.container_url, environ, "--container-url", URL_VARIABLE)
        client = container_of(url, environ)
        models = _models(order, environ)
    except ValueError as error:
        parser.error(str(error))
    try:
        with client as container:
            pack_of = packs_of(models) if models else {}
            lay = _load if order.command == "load" else _simulate
            laid = lay(order, container, pack_of)
    except FormError as error:
        parser.error(str(error))
    except IngestError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(_summary(laid))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest", description="Load readings into Blob Storage.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("stream", help="run the Stream Analytics query on events; stream --help says more")
    load = commands.add_parser(
        "load", help="load files of readings: CSV, JSON, Avro or Parquet, also in gzip"
    )
    load.add_argument(
        "files", nargs="+", metavar="FILE", help="a file, a folder, or a pattern in quotes: 'a/*.csv'"
    )
    load.add_argument(
        "--rejects", type=Path, metavar="FILE", help="receives all refused rows, with line and reason"
    )
    add_form_options(load)
    names = commands.add_parser("names", help="print the sensor ids of a CSV with the columns Device and Tag")
    names.add_argument("file", type=Path)
    simulate = commands.add_parser("simulate", help="load readings of simulated devices", allow_abbrev=False)
    simulate.add_argument(
        "--event-hub",
        action="store_true",
        help="send the readings as events instead; simulate --event-hub --help says more",
    )
    add_fleet_options(simulate, needs_end=True)
    commands.add_parser("replay", help="send files of readings as events; replay --help says more")
    for command in (load, simulate):
        command.add_argument(
            "--container-url", help=f"URL of the data container, without a signature; default: {URL_VARIABLE}"
        )
        command.add_argument("--packed", action="store_true", help="write one file for all sensors of a pack")
        command.add_argument(
            "--models-url",
            help=f"URL of the models container, without a signature; default: {MODELS_URL_VARIABLE}",
        )
    return parser


def _print_names(file: Path) -> int:
    try:
        sys.stdout.writelines(name_lines(file))
    except IngestError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _load(order: argparse.Namespace, container: ContainerClient, pack_of: Mapping[str, str]) -> Laid:
    form, paths = form_of(order), files_of(order.files)
    line = ProgressLine(sys.stderr)
    try:
        with written_to(order.rejects) as on_reject:
            return lay_out(
                ReadingsFiles(paths, form, on_reject=on_reject),
                container,
                source=_source_of(Path(order.files[0])) if len(order.files) == 1 else "files",
                progress=line.see,
                pack_of=pack_of,
            )
    finally:
        line.end()


def _simulate(order: argparse.Namespace, container: ContainerClient, pack_of: Mapping[str, str]) -> Laid:
    fleet, hours = fleet_of(order), order.hours or DEFAULT_HOURS
    first = RunHour(order.until.start - timedelta(hours=hours))
    return lay_out(
        fleet.readings(first, hours, anomalous=order.anomalous),
        container,
        source="simulated",
        labels=fleet.labels(first, hours, anomalous=order.anomalous),
        pack_of=pack_of,
    )


def _summary(laid: Laid) -> str:
    kept = f", {laid.kept:,} of them unchanged" if laid.kept else ""
    blank = f", {laid.blank_cells:,} cells empty" if laid.blank_cells else ""
    lines = [
        (
            f"{laid.readings:,} readings of {len(laid.sensors):,} sensors, "
            f"hours {laid.first_hour} to {laid.last_hour} (UTC), in {laid.blobs:,} blobs{kept}; "
            f"{laid.removed:,} earlier blobs removed, {laid.rejects_total:,} rows refused{blank}"
        )
    ]
    lines += [f"  {reason}" for reason in laid.reasons[:_SHOWN_REASONS]]
    if len(laid.reasons) > _SHOWN_REASONS:
        lines.append(f"  and {len(laid.reasons) - _SHOWN_REASONS} other reasons")
    return "\n".join((*lines, ""))


def _models(order: argparse.Namespace, environ: Mapping[str, str]) -> ContainerClient | None:
    if not order.packed:
        return None
    url = container_url(order.models_url, environ, "--models-url", MODELS_URL_VARIABLE)
    return container_of(url, environ)


def _source_of(path: Path) -> str:
    """Return a file's name as a source: without its suffix, in characters of blob names."""
    stem = path.stem if path.suffix.lower() != ".gz" else Path(path.stem).stem
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", stem).lstrip("_.-")[:100] or "readings"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
