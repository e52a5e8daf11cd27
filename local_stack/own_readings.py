"""``make load`` and ``make train``: your own readings in the stack of ``make up``."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from ingest.loader import lay_out
from local_stack import standing
from local_stack.display import Stage, show_rejects
from local_stack.fleet.kept_hours import hours_with_readings
from local_stack.fleet.live_fleet import LiveFleet
from local_stack.hour_choice import check_hour
from local_stack.models import kept_storage
from local_stack.options import MakeParser, WrongOption, add_readings_options, hour_option, readings_option
from local_stack.services.processes import StackError
from local_stack.training import train_models
from scoring_contract.layout import Container

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from azure.storage.blob import ContainerClient

    from local_stack.services.azurite import BlobStorage
    from scoring_contract.hour import RunHour


def load(words: Sequence[str]) -> int:
    """Load files into the stack; the first load stops the simulated fleet.

    :param words: ``--readings`` with a file, a folder or a pattern, and how they are written
    :raises WrongOption: unless there is a readable file, or if an option is wrong
    :raises StackError: if there is no stack to load into
    """
    parser = MakeParser(prog="python -m local_stack load")
    add_readings_options(parser)
    order = parser.parse_args(words)
    if not order.readings:
        raise WrongOption("READINGS is required, for example READINGS=readings.csv")
    readings = readings_option(order)
    with kept_storage() as storage, _data(storage) as container:
        with Stage.of("Loading readings") as stage:
            laid = lay_out(readings, container, source="file", progress=stage.see)
            stage.note(f"{laid.readings:,} readings of {len(laid.sensors):,} sensors")
        show_rejects(laid)
        gone = LiveFleet(storage, ended=standing.fleet_ended()).end()
    if laid.removed:
        print(f"A load replaces its hours: {laid.removed} other files of readings were removed from them.")
    if gone:
        print(f"The simulated fleet has stopped: its {len(gone)} sensors were removed from the registry.")
        print("Hours that only the simulated fleet sent fail from now on, without models: ignore them.")
    print(
        f"Readings range from {laid.first_hour} to {laid.last_hour}. Next: make train HOUR={laid.last_hour}"
    )
    return 0


def train(words: Sequence[str]) -> int:
    """Train a model for every sensor on all hours before an hour.

    :param words: ``--hour`` with an hour; by default the last hour with readings
    :raises WrongOption: if the hour is invalid or has no readings, or there are none before it
    :raises StackError: if there are no readings, or no model could be trained
    """
    parser = MakeParser(prog="python -m local_stack train")
    parser.add_argument("--hour", default="")
    given = parser.parse_args(words).hour
    asked = hour_option("HOUR", given) if given else None
    with kept_storage() as storage:
        with _data(storage) as container:
            hours = hours_with_readings(container)
        if not hours:
            raise StackError("there are no readings: run make load READINGS=readings.csv first")
        hour = asked or hours[-1]
        check_hour(hour, hours)
        with Stage.of(f"Training on everything before {hour}") as stage:
            scorer = standing.workspace().scorer
            stage.note(
                train_models(storage, scorer, hours[0], hour, on_line=stage.note, on_refused=stage.warn)
            )
    print(f"Trigger hourly_scoring in the web UI with hour = {hour}; or, from here:")
    print(*(f"  {command}" for command in trigger_commands(hour)), sep="\n")
    return 0


def trigger_commands(hour: RunHour) -> tuple[str, str]:
    """Return what scores an hour from a shell; the recipe's shell removes the inner quotes."""
    conf = f"""'{{\\"hour\\":\\"{hour}\\"}}'"""
    trigger = f'make airflow DO="dags trigger hourly_scoring --conf {conf}"'
    return 'make airflow DO="dags unpause hourly_scoring"', trigger


@contextmanager
def _data(storage: BlobStorage) -> Iterator[ContainerClient]:
    with closing(storage.container(Container.DATA)) as container:
        yield container
