"""Messages delivered to real servers."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import BaseNotifier

from sensor_scoring.alerts.delivery import tell
from sensor_scoring.errors import AlertUndelivered
from sensor_scoring.setting_groups import AlertSettings
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.receivers import Mailbox, Webhook

MESSAGE = "red: 2018-08-29T02\nFailed: 1_1: <b> {{ 7 * 7 }} & ü"
EVERYWHERE = "log smtp:a@example.org,b@example.org apprise"


class Recorder(BaseNotifier):
    """A notifier that a deployment wrote."""

    template_fields: Sequence[str] = ("text",)
    said: tuple[str, ...] = ()

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def notify(self, context: Any) -> None:  # noqa: ARG002  Airflow's signature
        """Keep the text."""
        Recorder.said = (*Recorder.said, self.text)


def told(message: str, notify: str) -> list[str]:
    """Send with a setting; return what was not delivered."""
    return tell(message, {}, Settings(alerts=AlertSettings(notify=notify)))


def test_mail_and_webhook_get_one_message_each(mailbox: Mailbox, webhook: Webhook) -> None:
    """The first line is the subject, each address gets a mail, and markup is escaped."""
    assert told(MESSAGE, EVERYWHERE) == []
    mail, other = mailbox.mails
    assert mail["Subject"] == "red: 2018-08-29T02"
    assert (mail["To"], other["To"]) == ("a@example.org", "b@example.org")
    (page,) = mail.iter_parts()
    assert "Failed: 1_1: &lt;b&gt; {{ 7 * 7 }} &amp; ü" in page.get_content()
    (body,) = webhook.bodies
    assert body["title"] == "red: 2018-08-29T02"
    assert body["message"] == "Failed: 1_1: <b> {{ 7 * 7 }} & ü"


def test_the_log_is_told_whatever_is_set(caplog: pytest.LogCaptureFixture) -> None:
    """Every deployment has a log."""
    with caplog.at_level(logging.WARNING):
        told(MESSAGE, "")
    assert [record.getMessage() for record in caplog.records] == [
        f"ALERT {line}" for line in MESSAGE.splitlines()
    ]


def test_a_mail_server_that_refuses_keeps_nobody_else(mailbox: Mailbox, webhook: Webhook) -> None:
    """One channel that took the message is enough: a retry would send it twice."""
    mailbox.refuses = True
    (untold,) = told(MESSAGE, EVERYWHERE)
    assert untold.startswith(
        "smtp:a@example.org,b@example.org: 2 of 2 addresses were not notified: a@example.org: "
    )
    assert "no such person" in untold
    assert mailbox.mails == []
    assert len(webhook.bodies) == 1


def test_an_address_that_is_unknown_is_named(mailbox: Mailbox) -> None:
    """The channel's other addresses get their mail, and nobody gets it twice."""
    mailbox.unknown = "b@example.org"
    (untold,) = told(MESSAGE, "smtp:a@example.org,b@example.org")
    assert untold.startswith(
        "smtp:a@example.org,b@example.org: 1 of 2 addresses was not notified: b@example.org: "
    )
    assert [mail["To"] for mail in mailbox.mails] == ["a@example.org"]


def test_one_of_two_webhooks_is_told_and_the_other_is_counted(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The failure is reported without the address, which is a secret."""
    config = [{"path": "json://127.0.0.1:1/closed"}, {"path": webhook.url}]
    connection = json.dumps({"conn_type": "apprise", "extra": {"config": config}})
    monkeypatch.setenv("AIRFLOW_CONN_BOTH", connection)
    (untold,) = told(MESSAGE, "apprise:both")
    assert untold.startswith("apprise:both: 1 of 2 addresses was not notified: no answer of success")
    assert len(webhook.bodies) == 1


def test_a_connection_without_an_address_told_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Apprise drops a mistyped address with just a line in the log; here it is an error."""
    connection = json.dumps({"conn_type": "apprise", "extra": {"config": [{"path": "slak://a/b/c"}]}})
    monkeypatch.setenv("AIRFLOW_CONN_MISTYPED", connection)
    with pytest.raises(AlertUndelivered, match="apprise:mistyped: no address of the connection"):
        told(MESSAGE, "apprise:mistyped")


def test_a_message_that_nobody_took_is_an_error(mailbox: Mailbox, webhook: Webhook) -> None:
    """It lists each channel with its reason, so that nobody believes it was sent."""
    mailbox.refuses, webhook.status = True, 500
    with pytest.raises(AlertUndelivered, match=r"smtp:a@example\.org.*no such person.*apprise: no answer"):
        told(MESSAGE, EVERYWHERE)


def test_a_connection_that_is_not_there_is_named() -> None:
    """A forgotten connection is the likeliest cause."""
    with pytest.raises(AlertUndelivered, match="forgotten"):
        told(MESSAGE, "apprise:forgotten")


def test_any_notifier_of_airflow_carries_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its arguments are templates that may use the message; the message itself is never rendered."""
    monkeypatch.setattr(Recorder, "said", ())
    told(MESSAGE, f'{Recorder.__module__}.Recorder{{"text": "{{{{ alert_subject }}}}|{{{{ alert }}}}"}}')
    assert Recorder.said == (f"red: 2018-08-29T02|{MESSAGE}",)
