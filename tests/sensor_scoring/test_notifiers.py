"""Messages on their way to real servers."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import BaseNotifier

from sensor_scoring.errors import NobodyTold
from sensor_scoring.notifiers import tell
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.receivers import Mailbox, Webhook

MESSAGE = "red: 2018-08-29T02\nFailed: 1_1: <b> {{ 7 * 7 }} & ü"
EVERYWHERE = "log smtp:a@example.org,b@example.org apprise"


class Recorder(BaseNotifier):
    """A deployment's own notifier."""

    template_fields: Sequence[str] = ("text",)
    said: tuple[str, ...] = ()

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def notify(self, context: Any) -> None:  # noqa: ARG002  Airflow's signature
        """Keep the text."""
        Recorder.said = (*Recorder.said, self.text)


def told(message: str, notify: str) -> None:
    """Tell with a setting."""
    tell(message, {}, Settings(notify=notify))


def test_mail_and_webhook_get_one_message_each(mailbox: Mailbox, webhook: Webhook) -> None:
    """The first line is the subject, both addresses are on one mail, and nothing in a message is markup."""
    told(MESSAGE, EVERYWHERE)
    (mail,) = mailbox.mails
    assert mail["Subject"] == "red: 2018-08-29T02"
    assert mail["To"] == "a@example.org, b@example.org"
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
    told(MESSAGE, EVERYWHERE)
    assert mailbox.mails == []
    assert len(webhook.bodies) == 1


def test_one_of_two_webhooks_is_enough(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the services in one connection, too."""
    config = [{"path": "json://127.0.0.1:1/closed"}, {"path": webhook.url}]
    connection = json.dumps({"conn_type": "apprise", "extra": {"config": config}})
    monkeypatch.setenv("AIRFLOW_CONN_BOTH", connection)
    told(MESSAGE, "apprise:both")
    assert len(webhook.bodies) == 1


def test_a_message_that_nobody_took_is_an_error(mailbox: Mailbox, webhook: Webhook) -> None:
    """Each channel is named with its reason, so that nobody believes it was sent."""
    mailbox.refuses, webhook.status = True, 500
    with pytest.raises(NobodyTold, match=r"smtp:a@example\.org.*no such person.*apprise: no service"):
        told(MESSAGE, EVERYWHERE)


def test_a_connection_that_is_not_there_is_named() -> None:
    """A forgotten connection is the likeliest cause."""
    with pytest.raises(NobodyTold, match="forgotten"):
        told(MESSAGE, "apprise:forgotten")


def test_any_notifier_of_airflow_carries_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its arguments are templates that know the message, and the message itself is no template."""
    monkeypatch.setattr(Recorder, "said", ())
    told(MESSAGE, f'{Recorder.__module__}.Recorder{{"text": "{{{{ alert_subject }}}}|{{{{ alert }}}}"}}')
    assert Recorder.said == (f"red: 2018-08-29T02|{MESSAGE}",)
