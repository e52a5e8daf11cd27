"""The alert history in a real blob: tries that die, and runs that end at once."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from sensor_scoring.alerts.conditions import Condition, Kind, News, Observation
from sensor_scoring.alerts.former_history import FORMER_BLOB, former_history
from sensor_scoring.alerts.history import AlertHistory, Claim
from sensor_scoring.alerts.history_store import HISTORY_BLOB, AlertHistoryStore
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.errors import AlertUndelivered

if TYPE_CHECKING:
    from local_stack.services.azurite import BlobStorage

WASB_CONN = "wasb_for_tests"
HOUR = RunHour.parse("2018-08-29T02")


def seen(*silent: str, hour: RunHour = HOUR) -> Observation:
    """Return what a run observed: these sensors silent, the others not."""
    conditions = tuple(Condition(Kind.SILENT, name) for name in silent)
    return Observation(
        hour=hour, conditions=conditions, is_over=lambda _place: True, is_gone=lambda _place: False
    )


class Telling:
    """Runs that append their messages to a list."""

    def __init__(self) -> None:
        self.store = BlobStore(WASB_CONN)
        self.messages: list[list[str]] = []

    def tell(self, observed: Observation, *, run: str = "run") -> bool:
        """Send what is news."""
        return self.blob(run).report_news(observed, self.send)

    def blob(self, run: str = "run") -> AlertHistoryStore:
        """Return the blob as a run sees it."""
        return AlertHistoryStore(self.store, Container.RUNS, run)

    def send(self, news: News) -> None:
        """Deliver."""
        self.messages.append(sorted(found.name for found in news.begun))

    def known(self) -> AlertHistory:
        """Return the stored history."""
        return AlertHistory.from_json(self.store.read(Container.RUNS, HISTORY_BLOB) or b"")

    def put(self, text: str) -> None:
        """Store something else."""
        self.store.write(Container.RUNS, HISTORY_BLOB, text)


@pytest.fixture
def telling(storage: BlobStorage) -> Telling:  # noqa: ARG001  it connects the account
    """Start with an empty history."""
    return Telling()


def test_the_same_try_again_tells_nothing(telling: Telling) -> None:
    """A step that is retried or cleared after its message sends no other."""
    assert telling.tell(seen("1_1")) is True
    assert telling.tell(seen("1_1")) is False
    assert telling.messages == [["1_1"]]
    assert telling.known().claim is None


def test_a_message_that_was_not_delivered_is_told_by_the_next_try(telling: Telling) -> None:
    """The history does not record it, and the next try of any run need not wait."""

    def fail(_news: News) -> None:
        raise AlertUndelivered("nobody was told")

    with pytest.raises(AlertUndelivered):
        telling.blob().report_news(seen("1_1"), fail)
    assert telling.known() == AlertHistory()
    assert telling.tell(seen("1_1"), run="another") is True


def test_a_try_that_died_with_its_claim_is_taken_up_at_once(telling: Telling) -> None:
    """The next try of the same run recognises the claim as its own."""
    telling.put(AlertHistory(claim=Claim("run", datetime.now(UTC) + timedelta(minutes=4))).to_json())
    assert telling.tell(seen("1_1")) is True
    assert telling.known().claim is None


def test_a_claim_that_nobody_comes_back_for_runs_out(telling: Telling) -> None:
    """Another run waits only until the claim expires."""
    telling.put(AlertHistory(claim=Claim("dead", datetime.now(UTC) - timedelta(seconds=1))).to_json())
    assert telling.tell(seen("1_1")) is True


def test_of_two_runs_that_end_at_once_one_tells(telling: Telling) -> None:
    """The second waits until the first has delivered, and then has no news."""
    is_sending, may_end = threading.Event(), threading.Event()

    def slowly(news: News) -> None:
        is_sending.set()
        assert may_end.wait(timeout=30)
        telling.send(news)

    first = threading.Thread(target=lambda: telling.blob("first").report_news(seen("1_1"), slowly))
    first.start()
    assert is_sending.wait(timeout=30)
    second = threading.Thread(target=lambda: telling.tell(seen("1_1", hour=HOUR.next), run="second"))
    second.start()
    second.join(timeout=0.3)
    assert second.is_alive(), "it waits"
    may_end.set()
    for thread in (first, second):
        thread.join(timeout=30)
        assert not thread.is_alive()
    assert telling.messages == [["1_1"]]
    assert telling.known().hour == HOUR.next


def test_a_state_that_does_not_read_is_begun_anew(telling: Telling) -> None:
    """A blob that someone edited, or another version wrote, never blocks an alert."""
    telling.put("{not json")
    assert telling.tell(seen("1_1")) is True
    assert telling.tell(seen("1_1")) is False


FORMER = {
    "contract": 2,
    "hour": str(HOUR),
    "claim": None,
    "conditions": {
        "silent": {"1_1": ["", str(HOUR), str(HOUR)]},
        "jump": {"1_2": ["", str(HOUR), str(HOUR)]},
    },
    "shares": {"1_3": [30, 1, 30, 2]},
}
"""As version 0.1.0 wrote it."""


def test_what_an_earlier_version_has_reported_is_not_reported_again(telling: Telling) -> None:
    """The first run after an upgrade takes its history over, spikes and past rates included."""
    telling.store.write(Container.RUNS, FORMER_BLOB, json.dumps(FORMER))
    assert telling.tell(seen("1_1", "1_4", hour=HOUR.next)) is True
    assert telling.messages == [["1_4"]]
    known = telling.known()
    assert {(Kind.SILENT, "1_1"), (Kind.SILENT, "1_4")} <= known.conditions.keys()
    assert not telling.store.exists(Container.RUNS, FORMER_BLOB), "else a deleted history would come back"


def test_an_earlier_history_is_read_in_full(telling: Telling) -> None:
    """A spike was called a jump, and anomaly rates shares."""
    telling.store.write(Container.RUNS, FORMER_BLOB, json.dumps(FORMER))
    assert telling.blob().holds((Kind.SPIKE, "1_2"))
    history = former_history(json.dumps(FORMER).encode())
    assert history.hour == HOUR
    assert history.rates == {"1_3": (30, 1, 30, 2)}


@pytest.mark.parametrize("text", ["{not json", "[]", "{}", '{"conditions": []}'])
def test_an_earlier_history_that_cannot_be_read_keeps_no_alert_back(telling: Telling, text: str) -> None:
    """A repeated alert is better than none."""
    telling.store.write(Container.RUNS, FORMER_BLOB, text)
    assert telling.tell(seen("1_1")) is True


def test_the_present_history_counts_where_there_are_both(telling: Telling) -> None:
    """An earlier version that still ran beside the upgrade changes nothing any more."""
    telling.put(AlertHistory().to_json())
    telling.store.write(Container.RUNS, FORMER_BLOB, json.dumps(FORMER))
    assert telling.tell(seen("1_1")) is True
