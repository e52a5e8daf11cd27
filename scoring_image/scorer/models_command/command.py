"""``python -m scorer models ...``: the command line of the registry."""

from __future__ import annotations

import os
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING

from scorer.errors import ModelFault, OrderFault
from scorer.models.catalogue import Catalogue, amend
from scorer.models.format import MOST_BYTES
from scorer.models_command import listing
from scorer.models_command.check import broken_models, repair_models
from scorer.models_command.packs import pack_models
from scorer.models_command.publish_external import add_model, format_of
from scorer.readings.table import ONE_FEATURE
from scorer.storage import open_container, refuse_folder
from scoring_contract.layout import Container
from scoring_contract.messages.invocation import ExitCode
from scoring_contract.sensor_names import display_of

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Mapping, Sequence

    from scorer.console import Console
    from scorer.storage import BlobContainer
    from scoring_contract.messages.registry import Registry

_SENSOR_HELP = "its id, such as 1_4, or its name as it is shown"
_TO_REPAIR = "; repair them with 'models repair'"
_FOLDER = "the registry needs conditional writes, which a folder does not have"


def models(argv: Sequence[str], environ: Mapping[str, str], *, console: Console) -> ExitCode:
    """Run a command on the registry.

    :param argv: the words after ``models``
    :raises SystemExit: with code 2 and a sentence on stderr for an invalid command line
    :raises ContractError: if the environment does not name the container, or the registry refuses the change
    :raises ScorerError: if the file or storage is at fault
    """
    words = _parser().parse_args(argv)
    if words.command == "convert":
        return _convert(words, console)
    container = open_container(Container.MODELS, environ)
    match words.command:
        case "list" | "show":
            return _read(words, Catalogue.read(container), console)
        case "verify":
            return _verify(container, console)
        case command:
            return _CHANGES[command](words, refuse_folder(container, because=_FOLDER), console)


def _read(words: Namespace, catalogue: Catalogue, console: Console) -> ExitCode:
    text = _shown(words, catalogue.registry)
    try:
        console.tell(text)
    except BrokenPipeError:
        # The reader, such as head, has closed the pipe; Python would flush stdout once more at exit.
        # https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), console.out.fileno())
    return ExitCode.SUCCESS


def _shown(words: Namespace, registry: Registry) -> str:
    if words.command == "list":
        return listing.list_json(registry) if words.json else "\n".join(listing.list_text(registry))
    sensor = registry.sensor_called(words.sensor)
    entry = registry.entry(sensor)
    if words.json:
        return listing.show_json(sensor, entry)
    return "\n".join(listing.show_text(sensor, entry))


def _switch(words: Namespace, models: BlobContainer, console: Console) -> ExitCode:
    before = Catalogue.read(models)
    sensor = before.registry.sensor_called(words.sensor)
    was = before.registry.entry(sensor).current
    if words.command == "promote":
        registry = amend(models, lambda seen: seen.promoting({sensor: words.version}), catalogue=before)
    else:
        registry = amend(models, lambda seen: seen.rolling_back(sensor), catalogue=before)
    now = registry.entry(sensor).current
    console.tell(f"{display_of(sensor)}: {now} is current" + (f", was {was}" if was != now else " already"))
    return ExitCode.SUCCESS


def _add(words: Namespace, models: BlobContainer, console: Console) -> ExitCode:
    data = _content(words.file)
    added = add_model(models, data, sensor=words.sensor, device=words.device, tag=words.tag)
    console.tell(f"{display_of(added.sensor)}: {added.version} is current, format {added.model.ref.format}")
    return ExitCode.SUCCESS


def _convert(words: Namespace, console: Console) -> ExitCode:
    if not words.i_trust_this_file:
        raise OrderFault(
            f"{words.file} was not opened: a pickle can run any code when it is read; "
            "if you trust its author, add --i-trust-this-file"
        )
    from scorer.models_command.conversion import converted  # noqa: PLC0415  # imports scikit-learn

    target = words.to or words.file.with_name(f"{words.file.name}.json")
    data = converted(_content(words.file), features=tuple(words.features))
    try:
        target.write_bytes(data)
    except OSError as error:
        raise OrderFault(f"{target} cannot be written: {error.strerror}") from error
    console.tell(
        f"{target}: format {format_of(data)}, same labels as scikit-learn; publish it with 'models add'"
    )
    return ExitCode.SUCCESS


def _verify(models: BlobContainer, console: Console) -> ExitCode:
    count, problems = broken_models(models)
    for sensor, problem in problems.items():
        console.complain(f"{display_of(sensor)}: {problem}")
    console.tell(f"{count} current models checked, {len(problems)} broken" + (_TO_REPAIR if problems else ""))
    return ExitCode.MODEL if problems else ExitCode.SUCCESS


def _repair(_words: Namespace, models: BlobContainer, console: Console) -> ExitCode:
    repairs = repair_models(models)
    for repair in repairs:
        if repair.done:
            console.tell(f"{display_of(repair.sensor)}: {repair.done}")
        else:
            console.complain(
                f"{display_of(repair.sensor)}: {repair.problem}; no intact copy or version: train it again"
            )
    left = sum(not repair.done for repair in repairs)
    console.tell(f"{len(repairs) - left} models repaired, {left} must be trained again")
    return ExitCode.MODEL if left else ExitCode.SUCCESS


def _content(file: Path) -> bytes:
    """Read a local model file.

    :raises OrderFault: if it cannot be read
    :raises ModelFault: if it is too large for a model
    """
    try:
        size = file.stat().st_size
        if size > MOST_BYTES:
            raise ModelFault(f"{file} has {size} bytes; the limit of a model is {MOST_BYTES}")
        return file.read_bytes()
    except OSError as error:
        raise OrderFault(f"{file} cannot be read: {error.strerror}") from error


def _pack(words: Namespace, models: BlobContainer, console: Console) -> ExitCode:
    packed = pack_models(models, size=words.size, again=words.again)
    for sensor, fault in packed.faults.items():
        console.complain(f"{display_of(sensor)}: {fault}")
    console.tell(f"{packed.sensors} sensors in {packed.packs} packs; {packed.written} pack files written")
    return ExitCode.PARTLY_FAILED if packed.faults else ExitCode.SUCCESS


_CHANGES: Mapping[str, Callable[[Namespace, BlobContainer, Console], ExitCode]] = {
    "promote": _switch,
    "rollback": _switch,
    "add": _add,
    "repair": _repair,
    "pack": _pack,
}


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m scorer models", description="Show and change the registry of models."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    reading = commands.add_parser("list", help="list all sensors with their current models")
    reading.add_argument("--json", action="store_true", help="print JSON")
    showing = commands.add_parser("show", help="show a sensor and the versions of its model")
    showing.add_argument("sensor", help=_SENSOR_HELP)
    showing.add_argument("--json", action="store_true", help="print JSON")
    promoting = commands.add_parser("promote", help="make a version the current one")
    promoting.add_argument("sensor", help=_SENSOR_HELP)
    promoting.add_argument("version")
    back = commands.add_parser("rollback", help="go back to the version that was current before")
    back.add_argument("sensor", help=_SENSOR_HELP)
    adding = commands.add_parser("add", help="publish a model file from elsewhere")
    adding.add_argument("sensor")
    adding.add_argument("--device", required=True)
    adding.add_argument("--tag", required=True)
    adding.add_argument("file", type=Path)
    converting = commands.add_parser("convert", help="turn a pickled OneClassSVM into a model file")
    converting.add_argument("file", type=Path)
    converting.add_argument("--i-trust-this-file", action="store_true", help="the pickle's author is trusted")
    converting.add_argument(
        "--features", nargs="+", default=ONE_FEATURE, metavar="COLUMN",
        help="columns that it was fitted on, in order; default: Value",
    )  # fmt: skip
    converting.add_argument("--to", type=Path, help="output file; default: the pickle's name with .json")
    commands.add_parser("verify", help="load every current model as scoring would, and name the broken ones")
    commands.add_parser("repair", help="restore broken models from packs, or roll back to an intact version")
    packing = commands.add_parser("pack", help="pack the current models of many sensors into shared files")
    packing.add_argument("--size", type=_size, default=50, help="maximum sensors per pack; default: 50")
    packing.add_argument("--again", action="store_true", help="reassign all sensors to packs")
    return parser


def _size(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)
