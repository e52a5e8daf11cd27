"""``python -m ingest stream``: runs the query of the repository, or another, on events."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.containers import container_of, container_url
from ingest.event_hub import CONNECTION_VARIABLE, consumer_of
from ingest.stream_analytics.assembly import assemble, planned
from ingest.stream_analytics.counts import ACCOUNT_FILE
from ingest.stream_analytics.definition.job import read_job
from ingest.stream_analytics.errors import StreamAnalyticsError
from ingest.stream_analytics.events.event_file import EventFile
from ingest.stream_analytics.events.hub_source import HubSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.stream_analytics.events.event_source import EventSource
    from ingest.stream_analytics.runner import Runner

HERE = Path(__file__).parent
QUERY = HERE / "query.asaql"
JOB = HERE / "job.json"


def run_command(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the command.

    :return: exit code: 0, or 1 if the job is not run here or stops
    :raises SystemExit: with code 2 and a sentence on stderr for an invalid command line
    """
    parser = _parser()
    order = parser.parse_args(argv)
    try:
        query = order.query.read_text(encoding="utf-8")
        job = order.job.read_text(encoding="utf-8")
        if order.check:
            planned(read_job(job), query)
            return 0
        if order.state is None or not (order.events or order.event_hub):
            parser.error("--state is needed with --events or --event-hub; or --check")
        with ExitStack() as stack:
            return _run(order, query, job, environ, stack)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    except StreamAnalyticsError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _run(
    order: argparse.Namespace, query: str, job: str, environ: Mapping[str, str], stack: ExitStack
) -> int:
    described = read_job(job)
    names = {reference.container for reference in described.references}
    names |= {output.container for output in described.outputs}
    containers = {}
    for name in sorted(names):
        url = container_url(None, environ, "the environment", f"INGEST_{name.upper()}_URL")
        containers[name] = stack.enter_context(container_of(url, environ))
    source = _source(order, environ)
    runner = assemble(
        query,
        job,
        partitions=tuple(source.partitions),
        containers=containers,
        state=order.state / "state.sqlite3",
        on_saved=lambda runner: _keep_account(order.state / ACCOUNT_FILE, runner),
    )
    stack.callback(runner.close)
    runner.run(source)
    sys.stdout.write(_account_of(runner))
    return 0


def _source(order: argparse.Namespace, environ: Mapping[str, str]) -> EventSource:
    """Return where events come from; SIGINT or SIGTERM ends a hub's, and what was received is written."""
    if order.events:
        return EventFile(order.events, tuple(map(str, range(order.partitions))))
    source = HubSource(
        consumer_of(environ, order.consumer_group), ends=order.until_end, is_replay=order.clock == "events"
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: source.stop())
    return source


def _account_of(runner: Runner) -> str:
    return json.dumps(runner.account, indent=2) + "\n"


def _keep_account(file: Path, runner: Runner) -> None:
    """Let people, and the next step, see the account while the job runs: the state is locked."""
    draft = file.with_suffix(".new")
    draft.write_text(_account_of(runner))
    draft.replace(file)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ingest stream",
        description="Run a Stream Analytics query on events, into Blob Storage.",
    )
    parser.add_argument("--query", type=Path, default=QUERY, help="default: the repository's query.asaql")
    parser.add_argument("--job", type=Path, default=JOB, help="default: the repository's job.json")
    parser.add_argument("--check", action="store_true", help="only say whether query and job are run here")
    sources = parser.add_mutually_exclusive_group()
    sources.add_argument("--events", type=Path, help="file of events: a JSON object per line")
    sources.add_argument(
        "--event-hub", action="store_true", help=f"read the hub of {CONNECTION_VARIABLE} until it is stopped"
    )
    parser.add_argument(
        "--until-end", action="store_true", help="with --event-hub: end after the last event that the hub has"
    )
    parser.add_argument(
        "--clock",
        choices=("system", "events"),
        default="system",
        help="what lets time progress in a partition without events; events: nothing, for replayed history",
    )
    parser.add_argument("--consumer-group", default="$Default", help="of the event hub; default: $Default")
    parser.add_argument("--partitions", type=int, default=1, help="of the hub that --events stands for")
    parser.add_argument("--state", type=Path, help="folder that keeps the job's state between two starts")
    return parser
