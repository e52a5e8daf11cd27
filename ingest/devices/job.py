"""One start of a sender: connections, signals and progress around the sending."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ingest.devices.hub_sender import HubSender
from ingest.devices.labels import LabelsFile
from ingest.devices.outage import Outage
from ingest.devices.pace import Pace, SystemClock
from ingest.devices.schedule import Chunks, in_order_of_arrival
from ingest.devices.sending import Sending
from ingest.errors import IngestError
from ingest.event_hub import Producers
from ingest.progress_line import ProgressLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ingest.devices.dispatch import Dispatch, Measured
    from ingest.devices.state import SendingState, StateFile
    from ingest.event_hub import HubAddress

KEPT_SPAN = timedelta(minutes=1)
"""Time of arrival that a chunk spans where events keep theirs: in a partition, time never goes backwards, and
the batches of a chunk come in any order."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to send, and how.

    :param speed: times as fast as the clock; None for as fast as possible
    :param is_live: whether moments of arrival are those of the clock
    :param progress: tells how much is done, and of how much; None for no end
    """

    address: HubAddress
    readings: Iterable[Measured]
    dispatches_of: Callable[[Measured], Iterable[Dispatch]]
    file: StateFile
    state: SendingState
    speed: float | None
    is_live: bool
    keep_arrival: bool
    progress: Callable[[], tuple[int, int | None]]
    labels: Path | None = None


async def run_job(job: Job) -> tuple[dict[str, Any], IngestError | None]:
    """Send until the source ends, or SIGINT or SIGTERM.

    :return: the account, and why sending ended early, if it did
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    line = ProgressLine(sys.stderr)
    producers = Producers(job.address)
    sender = HubSender(
        producers.new, stop=stop, outage=Outage(sys.stderr, line), keep_arrival=job.keep_arrival
    )
    sending = Sending(
        sender,
        Pace(SystemClock(), job.speed, is_live=job.is_live),
        job.file,
        job.state,
        LabelsFile(job.labels),
        stop,
        _shown(job, line),
    )
    error = None
    try:
        dispatches = in_order_of_arrival(job.readings, job.dispatches_of)
        await sending.run(
            Chunks(dispatches, after=job.state.position, span=KEPT_SPAN if job.keep_arrival else None)
        )
    except IngestError as problem:
        error = problem
    finally:
        line.end()
        await sender.close()
        await producers.close()
    return job.state.account.to_dict(), error


def _shown(job: Job, line: ProgressLine) -> Callable[[], None]:
    """Return a function that shows the progress."""
    account, began = job.state.account, time.monotonic()
    before = account.acknowledged

    def show() -> None:
        rate = (account.acknowledged - before) / max(time.monotonic() - began, 1e-9)
        line.see("sending", *job.progress(), f"{account.acknowledged:,} events, {rate:,.0f}/s")

    return show
