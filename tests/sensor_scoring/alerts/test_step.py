"""Alerts about a fleet's hours, through a real mail server and webhook, with history in real Blob Storage."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from scoring_contract.hour import RunHour
from sensor_scoring.alerts.step import send_alert
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.errors import StorageAccessRefused, StorageUnreachable
from sensor_scoring.hourly.outcome.summary import Outcome, SensorOutcome, Summary
from sensor_scoring.setting_groups import AlertSettings, ConnectionSettings
from sensor_scoring.settings import Settings
from tests.support.stand_ins import as_run

if TYPE_CHECKING:
    from local_stack.services.azurite import BlobStorage
    from tests.support.receivers import Mailbox, Webhook

FIRST = RunHour.parse("2018-08-29T02")
FLEET = [f"1_{number}" for number in range(1, 8)]
KILLED, ALTERED = "its process was killed by SIGKILL", "the model is not the ordered one"
WASB_CONN = "wasb_for_tests"
SETTINGS = Settings(
    alerts=AlertSettings(notify="log smtp:oncall@example.org apprise"),
    connections=ConnectionSettings(wasb_conn_id=WASB_CONN),
)


@dataclass
class ARun:
    """A finished run with a summary, as the alert sees it."""

    outcome: Summary | None
    hour: RunHour = FIRST
    settings: Settings = SETTINGS
    store: BlobStore = field(default_factory=lambda: BlobStore(WASB_CONN))
    is_backfill: bool = False
    is_last_try: bool = False
    late: str = ""
    hourless: str = ""
    dag_run_id: str = "manual__1"
    clears: int = 0
    page: str = "https://airflow.example.org/run"
    untold: list[str] = field(default_factory=list)

    def keep_untold(self, untold: list[str]) -> None:
        """Record what was not delivered."""
        self.untold += untold

    @property
    def base(self) -> str:
        """Return its run id in Batch."""
        return f"scoring-{self.hour}"

    def summary(self) -> Summary | None:
        """Return its summary."""
        return self.outcome

    def step_failures(self) -> dict[str, str]:
        """Return the failed steps, if it has no summary."""
        return {"plan": "the registry is unreadable"}


@dataclass
class Fleet:
    """Seven sensors, and the channels that their alerts go to."""

    mailbox: Mailbox
    webhook: Webhook
    number: int = -1

    def hour(self, outcomes: dict[str, Any] | None = None, **facts: Any) -> ARun:
        """Return the next hour's run, with outcomes other than scored, or anomalies among 100 readings."""
        self.number += 1
        now = RunHour(FIRST.start + timedelta(hours=self.number))
        lines = [_line(sensor, (outcomes or {}).get(sensor, 1)) for sensor in FLEET]
        summary = Summary(hour=now, run="run", dag_run_id=f"r{now}", sensors=tuple(lines), **facts)
        return ARun(summary, hour=now)

    def told(self, run: ARun) -> str:
        """Alert twice, as when the step is cleared; return what was received."""
        before = len(self.mailbox.mails), len(self.webhook.bodies)
        for _ in range(2):
            send_alert(as_run(run), {})
        mails, posted = self.mailbox.mails[before[0] :], self.webhook.bodies[before[1] :]
        assert [mail["Subject"] for mail in mails] == [body["title"] for body in posted]
        assert len(posted) <= 1, "never two for one cause"
        return "".join(f"{body['title']}\n{body['message']}" for body in posted)


def _line(sensor: str, outcome: Any) -> SensorOutcome:
    if isinstance(outcome, int):
        return SensorOutcome(sensor=sensor, outcome=Outcome.SCORED, readings=100, anomalies=outcome)
    if outcome is Outcome.SILENT:
        return SensorOutcome(sensor=sensor, outcome=Outcome.SILENT)
    return SensorOutcome(sensor=sensor, outcome=Outcome.FAILED, reason=outcome)


@pytest.fixture
def fleet(storage: BlobStorage, mailbox: Mailbox, webhook: Webhook) -> Fleet:  # noqa: ARG001  it connects the account
    """Start with an empty history."""
    return Fleet(mailbox, webhook)


def test_quiet_hours_tell_nobody(fleet: Fleet) -> None:
    """However many there are."""
    for _ in range(8):
        assert fleet.told(fleet.hour()) == ""


def test_three_failed_sensors_are_one_message(fleet: Fleet) -> None:
    """It has both causes; the same failures next hour send none, and their recovery one."""
    failed = {"1_1": KILLED, "1_2": ALTERED, "1_3": KILLED}
    said = fleet.told(fleet.hour(failed)).splitlines()
    assert said[:3] == [
        f"red: sensor scoring of {FIRST}: 3 failed",
        f"Failed: 1_1, 1_3: {KILLED}",
        f"Failed: 1_2: {ALTERED}",
    ]
    assert "Run: https://airflow.example.org/run" in said
    assert fleet.told(fleet.hour(failed)) == ""
    assert f"Scored again: 1_1 (since {FIRST}), 1_2 (since {FIRST}), 1_3" in fleet.told(fleet.hour())
    assert fleet.told(fleet.hour()) == ""


def test_a_silent_sensor_and_its_return_are_a_message_each(fleet: Fleet) -> None:
    """The hours between send none."""
    silent = {"1_4": Outcome.SILENT}
    assert "Silent (no readings): 1_4" in fleet.told(fleet.hour(silent))
    for _ in range(9):
        assert fleet.told(fleet.hour(silent)) == ""
    assert f"Sending again: 1_4 (since {FIRST})" in fleet.told(fleet.hour())


def test_a_late_run_is_told_at_its_end_unless_it_was_before(fleet: Fleet) -> None:
    """Each late run is reported once."""
    for _ in range(2):
        run = replace(fleet.hour(), late="it took 63 minutes; the limit is 50")
        assert "Late: it took 63 minutes; the limit is 50" in fleet.told(run)


def test_pool_trouble_is_part_of_the_message(fleet: Fleet) -> None:
    """It is reported once while it lasts, even if numbers in the service's text change."""
    for number, is_news in ((1, True), (2, False)):
        trouble = f"pool p: AllocationFailed: no machine, request {number}{number}; try another size"
        said = fleet.told(fleet.hour({"1_1": KILLED}, pool_trouble=(trouble,)))
        assert (f"Pool: {trouble}" in said) is is_news


def test_an_anomaly_spike_is_one_message(fleet: Fleet) -> None:
    """After a past of six hours."""
    for _ in range(6):
        assert fleet.told(fleet.hour()) == ""
    assert "Anomaly spike: 1_7: 60.0% of 100 readings, usually 1.0%" in fleet.told(fleet.hour({"1_7": 60}))
    assert fleet.told(fleet.hour({"1_7": 61})) == ""


def test_spikes_can_be_switched_off(fleet: Fleet) -> None:
    """Then no past is stored either."""
    for count in (1, 1, 1, 1, 1, 1, 60):
        run = replace(
            fleet.hour({"1_7": count}),
            settings=replace(SETTINGS, alerts=replace(SETTINGS.alerts, spike_rise=0)),
        )
        assert fleet.told(run) == ""


def test_a_backfill_tells_nobody_and_is_not_remembered(fleet: Fleet) -> None:
    """The same failure in a live hour is news."""
    assert fleet.told(replace(fleet.hour({"1_1": KILLED}), is_backfill=True)) == ""
    assert f"Failed: 1_1: {KILLED}" in fleet.told(fleet.hour({"1_1": KILLED}))


@pytest.mark.behaviour("no-summary")
def test_a_run_that_came_to_nothing_names_its_step(fleet: Fleet) -> None:
    """There is no summary to look at."""
    said = fleet.told(replace(fleet.hour(), outcome=None))
    assert said.startswith(
        f"red: sensor scoring of {FIRST}: 1 step failed\nStep failed: plan: the registry is unreadable\n"
    )


@pytest.mark.behaviour("no-hour")
def test_a_run_of_no_hour_is_told_too(fleet: Fleet) -> None:
    """A run for a nonexistent date has neither an hour nor a summary to name."""
    run = replace(fleet.hour(), outcome=None, hourless="'2026-02-30T02' has a day 30")
    send_alert(as_run(run), {})
    (body,) = fleet.webhook.bodies
    assert body["title"] == "red: sensor scoring without an hour: '2026-02-30T02' has a day 30"
    assert body["message"] == "Run: https://airflow.example.org/run"


class Away(BlobStore):
    """Storage that does not answer; the real client would retry for a minute and a half."""

    def read_versioned(self, container: str, blob: str) -> tuple[bytes, str] | None:
        """Fail as an unreachable service does."""
        raise StorageUnreachable(f"Blob Storage does not answer: read {container}/{blob}")


@pytest.mark.behaviour("no-summary")
def test_storage_that_is_away_is_told_by_the_last_try(fleet: Fleet) -> None:
    """Earlier tries may be lucky; without the last one's alert, nobody would hear of the hour."""
    run = replace(fleet.hour(), store=Away(WASB_CONN))
    for is_last_try, messages in ((False, 0), (True, 1)):
        with pytest.raises(StorageUnreachable):
            send_alert(as_run(replace(run, is_last_try=is_last_try)), {})
        assert len(fleet.webhook.bodies) == messages
    assert fleet.webhook.bodies[0]["title"].endswith("its outcome cannot be read from Blob Storage")


def test_storage_that_refuses_is_told_at_once(
    fleet: Fleet, storage: BlobStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retrying is useless: a person must correct the connection."""
    wrong = re.sub("AccountKey=[^;]*", "AccountKey=d3Jvbmc=", storage.connection_string)
    connection = {"conn_type": "wasb", "extra": {"connection_string": wrong}}
    monkeypatch.setenv("AIRFLOW_CONN_REFUSED", json.dumps(connection))
    with pytest.raises(StorageAccessRefused):
        send_alert(as_run(replace(fleet.hour(), store=BlobStore("refused"))), {})
    (body,) = fleet.webhook.bodies
    assert "Storage: " in body["message"]
