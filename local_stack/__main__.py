"""``python -m local_stack run [--readings FILE --hour HOUR]``, ``up``, ``down`` and more: for ``make``."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import IngestError
from ingest.files.readings_csv import NAMELESS
from local_stack import hour as hourly
from local_stack import owner, standing
from local_stack.bootstrap import ROOT
from local_stack.commands import airflow, doctor, missing
from local_stack.display import RunProgress, Stage, failures, show_rejects, table
from local_stack.fleet.labels import check_labels
from local_stack.models import models
from local_stack.options import (
    MakeParser,
    WrongOption,
    add_fleet_options,
    add_readings_options,
    fleet_option,
    hour_option,
    readings_option,
)
from local_stack.own_readings import load, train
from local_stack.reading_sources import Events, Files, Simulation
from local_stack.services.processes import StackError, stop_all
from local_stack.stack import running_stack
from scoring_contract.errors import LayoutError
from scoring_contract.sensor_names import display_of
from sensor_scoring.alerts.history import AlertHistory
from sensor_scoring.alerts.message import message_of
from sensor_scoring.alerts.observations import observation_of
from sensor_scoring.errors import SettingsError
from sensor_scoring.hourly.outcome.summary import Outcome
from sensor_scoring.hourly.outcome.verdict import Verdict
from sensor_scoring.setting_fields import PREFIX
from sensor_scoring.settings import Settings, all_settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from ingest.loader import Laid
    from local_stack.fleet.event_chain import EventAccount
    from local_stack.reading_sources import ReadingSource
    from local_stack.stack import Stack
    from local_stack.standing import Standing
    from scoring_contract.hour import RunHour
    from sensor_scoring.hourly.outcome.summary import Summary

_SHOWN_RESTARTS = 5
_SWITCH = {"0": False, "1": True}
_WRONG_ORDER = 2
_INTERRUPTED = 130


def main(argv: Sequence[str]) -> int:
    """Run a command; return its exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        return _command(" ".join(argv[:1]))(argv[1:])
    except (StackError, IngestError, LayoutError, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return _WRONG_ORDER if isinstance(error, WrongOption) else 1
    except KeyboardInterrupt:
        stop_all()
        print("\ninterrupted; all started processes are stopped", file=sys.stderr)
        return _INTERRUPTED


def _command(name: str) -> Callable[[Sequence[str]], int]:
    if name not in _COMMANDS:
        raise WrongOption(f"{name!r} is not one of {', '.join(_COMMANDS)}")
    return _COMMANDS[name]


def run(source: ReadingSource, hour: RunHour) -> int:
    """Load readings, train on the hours before ``hour``, score the hour, and show the results.

    :return: 0 if every sensor with readings was scored, otherwise 1
    """
    check_settings()
    workspace = source.workspace
    with workspace.locked(), ExitStack() as parts:
        with Stage.of("Starting Azurite and the Batch emulator"):
            stack = parts.enter_context(running_stack(workspace))
        summary, laid, folder = score_hour(stack, source, hour)
        labels = check_labels(stack, hour)
    show(summary, laid, folder, workspace.logs)
    for line in (labels, source.account):
        if line is not None:
            print(line)
    for reason in (missed := list(not_done(summary, laid, source.account))):
        print(f"not done: {reason}", file=sys.stderr)
    return 1 if missed else 0


def up(words: Sequence[str]) -> int:
    """Start the stack, leave it running, and print its addresses.

    :param words: ``--ingest`` lets the simulated fleet send events; ``--demo 0`` lets a new one begin without
        a day behind it
    """
    ingest, demo = _up_options("up", words)
    check_settings()
    stack = standing.standing()
    if stack is not None:
        print("The stack is already running.", *standing.restarts()[-_SHOWN_RESTARTS:], sep="\n  ")
        if ingest and not stack.events:
            print("Its fleet sends no events: make down first, then make up INGEST=1.")
    else:
        with Stage.of("Starting the stack with Airflow's web UI"):
            stack = standing.up(ingest=ingest, wants_demo=demo)
        print(_what_is_scored(stack))
    print(f"\n  {stack.address}   user {stack.user}   password {stack.password}\n")
    print(f"The fleet, sensor by sensor and hour by hour: {stack.address}/plugin/fleet")
    if stack.events:
        print(f"The fleet sends events; where they went: {_relative(Path(stack.events))}")
    print("For your own readings: make load READINGS=readings.csv, then make train. To stop: make down.")
    print(f"Batch emulator: {stack.batch}   Blob Storage: {stack.blobs}")
    return 0


def down(words: Sequence[str]) -> int:
    """Stop the running stack.

    :param words: none
    """
    MakeParser(prog="python -m local_stack down").parse_args(words)
    if standing.standing() is not None:
        print("Stopping the stack and its active runs ...", flush=True)
    print("The stack is stopped." if standing.down() else "No stack is up.")
    return 0


def serve(words: Sequence[str]) -> int:
    """Run the parts of the stack until the process is stopped; ``up`` starts this command.

    :param words: those of ``up``
    """
    ingest, demo = _up_options("serve", words)
    owner.serve(ingest=ingest, wants_demo=demo)
    return 0


def check_settings() -> None:
    """Check the settings in the environment; warn about unknown ones.

    :raises SettingsError: naming the variable, if a value is invalid and would break the DAGs
    """
    Settings.from_environ(os.environ)
    known = {entry.variable for entry in all_settings()}
    for name in sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known):
        print(f"warning: {name} is not a setting; docs/settings.md lists them", file=sys.stderr)


def score_hour(stack: Stack, source: ReadingSource, hour: RunHour) -> tuple[Summary, Laid, Path]:
    """Load, train and score on a running stack.

    :return: the summary, the result of the load, and the folder with copies of the results
    """
    with Stage.of("Loading readings") as stage:
        laid = source.lay_out(stack, stage)
        stage.note(f"{laid.readings:,} readings of {len(laid.sensors):,} sensors")
    show_rejects(laid)
    with Stage.of(f"Training on everything before {hour}") as stage:
        stage.note(hourly.train(stack, laid, hour, on_line=stage.note, on_refused=stage.warn))
    with Stage.of(f"Scoring {hour} with airflow dags test") as stage:
        summary = hourly.score(stack, hour, on_line=RunProgress(stage).see)
    return summary, laid, hourly.collect(stack, summary, laid)


def not_done(summary: Summary, laid: Laid, events: EventAccount | None) -> Iterator[str]:
    """Yield a sentence for each sensor with readings that was not scored, and for whatever else is lost."""
    if events is not None and events.lost:
        yield f"{events.lost:,} events are unaccounted for"
    if not summary.having(Outcome.SCORED):
        yield "no sensor was scored"
    for line in summary.having(Outcome.FAILED):
        yield f"{display_of(line.sensor)} failed"
    for line in summary.having(Outcome.UNMODELLED):
        yield f"{display_of(line.sensor)} has readings, but no model"
    yield from (f"the step {step} failed" for step in summary.failed_steps)
    for reason in laid.reasons:
        if reason.first.reason.startswith(NAMELESS):
            yield f"{reason.count:,} rows name no sensor; first in {reason.first.place}"


def whole_alert(summary: Summary) -> str:
    """Return the alert of a run without any alert history."""
    news, _ = AlertHistory().after(observation_of(summary))
    verdict = Verdict.of(summary, Settings.from_environ(os.environ))
    lead = f"{verdict.colour}: sensor scoring of {summary.hour}"
    return message_of(lead, news, [f"Run: {summary.dag_run_id}"], note=verdict.note)


def show(summary: Summary, laid: Laid, folder: Path, logs: Path) -> None:
    """Print the results."""
    print(f"\n{table(summary)}\n")
    for failure in failures(summary):
        print(f"FAILED {failure}")
    message = whole_alert(summary)
    if message:
        print(f"The alert of this run:\n{_indented(message)}\n")
    if laid.rejects_total:
        print(f"rejected while loading: {laid.rejects_total:,} rows (rejected.txt)")
    print(f"predictions, reports, logs, summary.json: {_relative(folder)}/")
    print(f"logs of Airflow, Azurite and the Batch emulator: {_relative(logs)}/")


def _run(words: Sequence[str]) -> int:
    parser = MakeParser(prog="python -m local_stack run", description=__doc__)
    add_readings_options(parser)
    add_fleet_options(parser)
    parser.add_argument("--hour", default="", help="UTC hour to score, for example 2018-08-29T02")
    _add_ingest_option(parser)
    order = parser.parse_args(words)
    if order.readings and order.ingest:
        raise WrongOption("INGEST sends the simulated fleet's events; READINGS are loaded without it")
    if order.readings and (order.devices or order.tags):
        raise WrongOption("DEVICES and TAGS are of the simulated fleet; READINGS have sensors of their own")
    if order.readings and not order.hour:
        raise WrongOption("READINGS needs an HOUR to score, for example HOUR=2018-08-29T02")
    if order.hour and not order.readings:
        raise WrongOption("HOUR needs READINGS; the simulated fleet has an hour of its own")
    source = _source_of(order)
    return run(source, hour_option("HOUR", order.hour) if order.hour else hourly.SIMULATED_HOUR)


def _up_options(command: str, words: Sequence[str]) -> tuple[bool, bool]:
    """Return whether the fleet sends events, and whether a new one has a day behind it."""
    parser = MakeParser(prog=f"python -m local_stack {command}")
    _add_ingest_option(parser)
    parser.add_argument("--demo", default="1", help="0: without a day of hours that is scored")
    order = parser.parse_args(words)
    if order.demo not in _SWITCH:
        raise WrongOption(f"DEMO={order.demo} is neither 0 nor 1")
    return bool(order.ingest), _SWITCH[order.demo]


def _what_is_scored(stack: Standing) -> str:
    if stack.day:
        return (
            f"A day of a simulated fleet is being scored, {stack.hour} first and back to {stack.day}; "
            "hourly_scoring goes on every hour."
        )
    if stack.has_begun:
        return "hourly_scoring goes on: with every hour, and with the simulated day until that is whole."
    hour = f": it scores {stack.hour} at once" if stack.hour else ""
    return f"In the web UI, unpause hourly_scoring, unless it is on{hour}."


def _add_ingest_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ingest", action="store_true", help="let the simulated fleet send events")


def _source_of(order: argparse.Namespace) -> ReadingSource:
    if order.readings:
        return Files(readings_option(order))
    fleet = fleet_option(order)
    return Events(fleet) if order.ingest else Simulation(fleet)


def _relative(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


_COMMANDS = {
    "run": _run,
    "up": up,
    "down": down,
    "serve": serve,
    "models": models,
    "missing": missing,
    "doctor": doctor,
    "airflow": airflow,
    "load": load,
    "train": train,
}
"""Each takes its own arguments, and returns an exit code."""


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
