"""The end of what failed Batch tasks wrote to stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scoring_contract import layout
from scoring_contract.layout import Container
from sensor_scoring.azure_batch import ids
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.errors import BatchError
from sensor_scoring.ui.printed_files import PrintedFiles
from sensor_scoring.ui.stderr_tails import StderrTails, Tail
from tests.sensor_scoring.conftest import WASB_CONN

if TYPE_CHECKING:
    from local_stack.services.azurite import BlobStorage
    from tests.sensor_scoring.conftest import Account

BASE = "scoring-20180829T02-0123456789"
JOB = ids.job_id(BASE, generation=2)
TASK = "1_1-0123456789-e2-a0"


class World:
    """A log container, and a Batch account with a job."""

    def __init__(self, account: Account, storage: BlobStorage) -> None:
        self.account = account
        self.logs = storage.container(Container.LOGS)
        self.files = PrintedFiles(BlobStore(WASB_CONN), account.hook, Container.LOGS)
        self.tails = StderrTails()

    def printed(self, text: str, *, task: str = TASK) -> None:
        """Leave a log."""
        self.logs.upload_blob(f"{layout.log_folder(BASE, JOB, task)}/stderr.txt", text, overwrite=True)

    def tail(self, task: str = TASK) -> Tail:
        """Fetch a tail."""
        return self.tails.of(self.files, JOB, task)


@pytest.fixture
def world(account: Account, storage: BlobStorage) -> World:
    """Run both."""
    account.pool()
    account.job(JOB)
    return World(account, storage)


def test_the_last_lines_are_shown_from_the_log_container(world: World) -> None:
    """They say why; the rest is behind the link."""
    world.printed("\n".join(f"line {number}" for number in range(1000)))
    tail = world.tail()
    assert tail.place == "log container"
    assert tail.lines.splitlines() == [f"line {number}" for number in range(980, 1000)]


def test_no_signature_is_shown(world: World) -> None:
    """Not even one whose URL was cut in two."""
    url = f"https://example.com/x?sv=1&{'x' * 300}&sig=secret"
    world.printed("\n".join([url] * 30) + "\nthe end\n")
    tail = world.tail()
    assert tail.lines.endswith("the end")
    assert "secret" not in tail.lines
    assert "signature left out" in tail.lines


def test_a_log_that_is_empty_and_one_that_is_nowhere_say_so(world: World) -> None:
    """The first was written, the second was not."""
    world.printed("")
    assert world.tail() == Tail("", "log container")
    assert world.tail("1_9-0123456789-e2-a0") == Tail("", "")


def test_the_node_is_asked_if_the_log_container_has_nothing(world: World) -> None:
    """The upload can fail too; nothing is fetched twice, as an ended task prints no more."""
    world.account.add(TASK, "echo oops >&2; exit 1", job=JOB)
    world.account.ended(TASK, job=JOB)
    assert world.tail() == Tail("oops", "node")
    world.printed("written later")
    world.account.emulator.reset_requests()
    assert world.tail() == Tail("oops", "node")
    assert world.account.emulator.requests().count() == 0


def test_what_could_not_be_asked_is_asked_again(world: World) -> None:
    """An outage is no empty file."""
    world.account.add(TASK, "echo oops >&2; exit 1", job=JOB)
    world.account.ended(TASK, job=JOB)
    world.account.emulator.faults.throttle(status=503, times=30, retry_after=0)
    with pytest.raises(BatchError):
        world.tail()
    world.account.emulator.faults.clear()
    assert world.tail() == Tail("oops", "node")
