"""Where the readings of ``make run`` come from: files, a simulated fleet, or the events that it sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from local_stack import hour as hourly
from local_stack.fleet.event_chain import EventChain
from local_stack.workspace import Workspace

if TYPE_CHECKING:
    from ingest.files.readings_files import ReadingsFiles
    from ingest.loader import Laid
    from ingest.simulator import Fleet
    from local_stack.display import Stage
    from local_stack.fleet.event_chain import EventAccount
    from local_stack.stack import Stack


class ReadingSource(Protocol):
    """A source of readings."""

    @property
    def workspace(self) -> Workspace:
        """Its workspace; the sensors of different sources never mix."""

    @property
    def account(self) -> EventAccount | None:
        """Where the events went, after :meth:`lay_out`; None for a source without events."""

    def lay_out(self, stack: Stack, stage: Stage) -> Laid:
        """Write all readings to Blob Storage.

        :param stage: shows the progress
        """


@dataclass(frozen=True, slots=True)
class Files:
    """Files of readings, which are loaded."""

    files: ReadingsFiles
    account: None = None

    @property
    def workspace(self) -> Workspace:
        """The workspace of files with this content."""
        return Workspace.of_files(self.files)

    def lay_out(self, stack: Stack, stage: Stage) -> Laid:
        """Load the files."""
        return hourly.lay_out_files(stack, self.files, progress=stage.see)


@dataclass(frozen=True, slots=True)
class Simulation:
    """A simulated fleet, whose readings are loaded."""

    fleet: Fleet
    account: None = None

    @property
    def workspace(self) -> Workspace:
        """The workspace of the fleet."""
        return Workspace.of_simulation(self.fleet)

    def lay_out(self, stack: Stack, stage: Stage) -> Laid:  # noqa: ARG002 - it takes a moment
        """Load the readings and the labels of the fleet."""
        return hourly.lay_out_simulation(stack, self.fleet)


@dataclass(slots=True)
class Events:
    """A simulated fleet, whose devices send their readings to an event hub."""

    fleet: Fleet
    account: EventAccount | None = None

    @property
    def workspace(self) -> Workspace:
        """The workspace of what the events become."""
        return Workspace.of_events(self.fleet)

    def lay_out(self, stack: Stack, stage: Stage) -> Laid:
        """Send the events, and run the Stream Analytics job on them."""
        laid, self.account = EventChain(stack, stage, self.fleet).run()
        return laid
