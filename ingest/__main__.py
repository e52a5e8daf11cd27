"""Command line: ``python -m ingest load FILE ...`` and ``python -m ingest simulate``.

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
from urllib.parse import urlsplit

from azure.storage.blob import ContainerClient

from ingest.errors import FormError, IngestError
from ingest.form_options import add_form_options, form_of
from ingest.loader import lay_out
from ingest.name_list import name_lines
from ingest.packs import packs_of
from ingest.progress_line import ProgressLine
from ingest.readings_files import ReadingsFiles, files_of
from ingest.rejects_file import written_to
from ingest.simulator import Fleet
from scoring_contract.errors import LayoutError
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.loader import Laid

URL_VARIABLE = "INGEST_DATA_URL"
"""Holds the URL of the ``data`` container, with or without a shared access signature."""

MODELS_URL_VARIABLE = "INGEST_MODELS_URL"
"""Holds the URL of the ``models`` container, likewise; only ``--packed`` needs it."""

KEY_VARIABLE = "AZURE_STORAGE_KEY"
"""Holds the key of a storage emulator's account, as for the Azure CLI; Azurite's default one is known."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_WELL_KNOWN = {
    "devstoreaccount1": (
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
    )
}
"""Azurite's default account and key, which are public:
https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key"""
_SHOWN_REASONS = 10


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command.

    :return: exit code: 0, or 1 if the readings could not be loaded
    :raises SystemExit: with code 2 and a sentence on stderr for an invalid command line
    """
    parser = _parser()
    order = parser.parse_args(argv)
    if order.command == "names":
        return _print_names(order.file)
    try:
        url = _container_url(order.container_url, environ, "--container-url", URL_VARIABLE)
        client = _container(url, environ)
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
    simulate = commands.add_parser("simulate", help="load readings of simulated devices")
    simulate.add_argument("--devices", type=_at_least_one, default=3, help="number of devices; default: 3")
    simulate.add_argument("--tags", type=_at_least_one, default=5, help="tags per device; default: 5")
    simulate.add_argument("--seed", type=int, default=7, help="same seed, same readings; default: 7")
    simulate.add_argument(
        "--hours",
        type=_at_least_one,
        default=3,
        help="number of hours, of which the last one has anomalies; default: 3",
    )
    simulate.add_argument(
        "--until",
        type=_hour,
        required=True,
        metavar="YYYY-MM-DDTHH",
        help="first hour after the readings, UTC",
    )
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
    fleet = Fleet(devices=order.devices, tags=order.tags, seed=order.seed)
    first = RunHour(order.until.start - timedelta(hours=order.hours))
    return lay_out(
        fleet.readings(first, order.hours),
        container,
        source="simulated",
        labels=fleet.labels(first, order.hours),
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
    url = _container_url(order.models_url, environ, "--models-url", MODELS_URL_VARIABLE)
    return _container(url, environ)


def _container_url(argument: str | None, environ: Mapping[str, str], option: str, variable: str) -> str:
    if argument and urlsplit(argument).query:
        raise ValueError(f"a URL with a signature belongs in {variable}, not on the command line")
    url = argument or environ.get(variable, "")
    if not url:
        raise ValueError(f"neither {option} nor {variable} names the container")
    return url


def _emulator_key(url: str, environ: Mapping[str, str]) -> str:
    """Return the key of a storage emulator on this machine.

    :raises ValueError: if the URL is of another machine, or the account's key is unknown
    """
    parts = urlsplit(url)
    if parts.hostname not in _LOOPBACK:
        raise ValueError(f"{parts.hostname} is not this machine, and http is not encrypted: use https")
    key = environ.get(KEY_VARIABLE) or _WELL_KNOWN.get(parts.path.strip("/").partition("/")[0], "")
    if not key:
        raise ValueError(f"no identity can be used over http: set {KEY_VARIABLE} to the account's key")
    return key


def _container(url: str, environ: Mapping[str, str]) -> ContainerClient:
    if urlsplit(url).query:
        return ContainerClient.from_container_url(url)
    if urlsplit(url).scheme == "http":
        # The SDK refuses to send a token without encryption.
        return ContainerClient.from_container_url(url, credential=_emulator_key(url, environ))
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - not needed with a signature

    return ContainerClient.from_container_url(url, credential=DefaultAzureCredential())


def _source_of(path: Path) -> str:
    """Return a file's name as a source: without its suffix, in characters of blob names."""
    stem = path.stem if path.suffix.lower() != ".gz" else Path(path.stem).stem
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", stem).lstrip("_.-")[:100] or "readings"


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def _hour(text: str) -> RunHour:
    try:
        return RunHour.read(text)
    except LayoutError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
