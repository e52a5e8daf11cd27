"""``python -m local_stack run [--readings FILE --hour HOUR]``, ``up``, ``down`` and more: for ``make``."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ingest.errors import IngestError
from ingest.readings_csv import NAMELESS
from local_stack import hour as hourly
from local_stack import standing
from local_stack.bootstrap import ROOT
from local_stack.commands import airflow, missing
from local_stack.display import RunProgress, Stage, failures, show_rejects, table
from local_stack.labels import check_labels
from local_stack.models import models
from local_stack.options import MakeParser, WrongOption, add_readings_options, hour_option, readings_option
from local_stack.own_readings import load, train
from local_stack.services.processes import StackError, stop_all
from local_stack.stack import running_stack
from local_stack.workspace import Workspace
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
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import FrameType

    from ingest.loader import Laid
    from ingest.readings_files import ReadingsFiles
    from local_stack.stack import Stack
    from scoring_contract.hour import RunHour
    from sensor_scoring.hourly.outcome.summary import Summary

_SHOWN_RESTARTS = 5
_WRONG_ORDER = 2
_INTERRUPTED = 130


def main(argv: Sequence[str]) -> int:
    """Run a command; return its exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        if argv and argv[0] in _OTHERS:
            return _OTHERS[argv[0]](argv[1:])
        order = _order(argv)
        if order.command == "run":
            return run(order.readings, order.hour)
        return _COMMANDS[order.command]()
    except (StackError, IngestError, LayoutError, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return _WRONG_ORDER if isinstance(error, WrongOption) else 1
    except KeyboardInterrupt:
        stop_all()
        print("\ninterrupted; all started processes are stopped", file=sys.stderr)
        return _INTERRUPTED


def run(readings: ReadingsFiles | None, hour: RunHour) -> int:
    """Load readings, train on the hours before ``hour``, score the hour, and show the results.

    :param readings: files of readings; None for the simulated fleet
    :return: 0 if every sensor with readings was scored, otherwise 1
    """
    check_settings()
    workspace = Workspace.of_files(readings) if readings else Workspace.of_simulation()
    with workspace.locked(), ExitStack() as parts:
        with Stage.of("Starting Azurite and the Batch emulator"):
            stack = parts.enter_context(running_stack(workspace))
        summary, laid, folder = score_hour(stack, readings, hour)
        labels = check_labels(stack, hour)
    show(summary, laid, folder, workspace.logs)
    if labels is not None:
        print(labels)
    for reason in (missed := list(not_done(summary, laid))):
        print(f"not done: {reason}", file=sys.stderr)
    return 1 if missed else 0


def up() -> int:
    """Start the stack, leave it running, and print its addresses."""
    check_settings()
    stack = standing.standing()
    if stack is not None:
        print("The stack is already running.", *standing.restarts()[-_SHOWN_RESTARTS:], sep="\n  ")
    else:
        with Stage.of("Starting the stack with Airflow's web UI"):
            stack = standing.up()
        hour = f": it scores {stack.hour} at once" if stack.hour else ""
        print(f"In the web UI, unpause hourly_scoring{hour}.")
    print(f"\n  {stack.address}   user {stack.user}   password {stack.password}\n")
    print("For your own readings: make load READINGS=readings.csv, then make train. To stop: make down.")
    print(f"Batch emulator: {stack.batch}   Blob Storage: {stack.blobs}")
    return 0


def down() -> int:
    """Stop the running stack."""
    if standing.standing() is not None:
        print("Stopping the stack and its active runs ...", flush=True)
    print("The stack is stopped." if standing.down() else "No stack is up.")
    return 0


def serve() -> int:
    """Run the parts of the stack until the process is stopped; ``up`` starts this command."""
    standing.serve()
    return 0


def check_settings() -> None:
    """Check the settings in the environment; warn about unknown ones.

    :raises SettingsError: naming the variable, if a value is invalid and would break the DAGs
    """
    Settings.from_environ(os.environ)
    known = {entry.variable for entry in all_settings()}
    for name in sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known):
        print(f"warning: {name} is not a setting; docs/settings.md lists them", file=sys.stderr)


_COMMANDS = {"up": up, "down": down, "serve": serve}
_OTHERS = {"models": models, "missing": missing, "airflow": airflow, "load": load, "train": train}
"""Commands that parse their own arguments."""


def score_hour(stack: Stack, readings: ReadingsFiles | None, hour: RunHour) -> tuple[Summary, Laid, Path]:
    """Load, train and score on a running stack.

    :return: the summary, the result of the load, and the folder with copies of the results
    """
    with Stage.of("Loading readings") as stage:
        laid = (
            hourly.lay_out_files(stack, readings, progress=stage.see)
            if readings
            else hourly.lay_out_simulation(stack)
        )
        stage.note(f"{laid.readings:,} readings of {len(laid.sensors):,} sensors")
    show_rejects(laid)
    with Stage.of(f"Training on everything before {hour}") as stage:
        stage.note(hourly.train(stack, laid, hour, on_line=stage.note, on_refused=stage.warn))
    with Stage.of(f"Scoring {hour} with airflow dags test") as stage:
        summary = hourly.score(stack, hour, on_line=RunProgress(stage).see)
    return summary, laid, hourly.collect(stack, summary, laid)


def not_done(summary: Summary, laid: Laid) -> Iterator[str]:
    """Yield a sentence for each sensor with readings that was not scored, and for each failed step."""
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


def _order(argv: Sequence[str]) -> argparse.Namespace:
    parser = MakeParser(prog="python -m local_stack", description=__doc__)
    parser.add_argument("command", choices=["run", *_COMMANDS])
    add_readings_options(parser)
    parser.add_argument("--hour", default="", help="UTC hour to score, for example 2018-08-29T02")
    order = parser.parse_args(argv)
    if order.readings and not order.hour:
        raise WrongOption("READINGS needs an HOUR to score, for example HOUR=2018-08-29T02")
    if order.hour and not order.readings:
        raise WrongOption("HOUR needs READINGS; the simulated fleet has an hour of its own")
    order.readings = readings_option(order) if order.readings else None
    order.hour = hour_option("HOUR", order.hour) if order.hour else hourly.SIMULATED_HOUR
    return order


def _relative(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
