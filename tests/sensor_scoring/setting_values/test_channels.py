"""The setting with the channels of alerts."""

from __future__ import annotations

import apprise
import pytest

from sensor_scoring.errors import SettingsError
from sensor_scoring.setting_values.channels import Channel, ChannelKind, channels_of
from sensor_scoring.settings import Settings

SLACK = "airflow.providers.slack.notifications.slack_webhook.SlackWebhookNotifier"


@pytest.mark.parametrize(
    ("text", "channels"),
    [
        pytest.param("", (), id="nobody"),
        pytest.param("log", (), id="the-log-is-always-told"),
        pytest.param(
            "log smtp:a@example.org,b@example.org",
            (Channel(ChannelKind.SMTP, "a@example.org,b@example.org"),),
            id="mail",
        ),
        pytest.param(
            "apprise\n apprise:oncall ",
            (Channel(ChannelKind.APPRISE), Channel(ChannelKind.APPRISE, "oncall")),
            id="webhooks",
        ),
        pytest.param(
            f'{SLACK}{{"text": "{{{{ alert }}}}", "n": 1}} apprise',
            (
                Channel(ChannelKind.NOTIFIER, SLACK, {"text": "{{ alert }}", "n": 1}),
                Channel(ChannelKind.APPRISE),
            ),
            id="any-notifier-with-arguments",
        ),
        pytest.param("a.Notifier", (Channel(ChannelKind.NOTIFIER, "a.Notifier"),), id="without-arguments"),
    ],
)
def test_channels_are_read_in_their_order(text, channels) -> None:
    """Spaces separate them; arguments may contain spaces."""
    assert channels_of(text) == channels


@pytest.mark.parametrize(
    "text", ["smtp", "smtp:nobody", "pigeon", "log:file", "a.B{not json}", 'a.B{"k": 1}x', "a.B[1]"]
)
def test_a_word_that_is_no_channel_is_refused(text) -> None:
    """The error names the variable, and the DAG does not parse, so nobody relies on a broken setting."""
    with pytest.raises(SettingsError, match="SENSOR_SCORING_NOTIFY"):
        Settings.from_environ({"SENSOR_SCORING_NOTIFY": text})


SLACK_URL = "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
TEAMS_URL = (
    "https://prod-00.westeurope.logic.azure.com:443/workflows/00000000000000000000000000000000"
    "/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0"
    "&sig=XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
)


@pytest.mark.parametrize(("url", "service"), [(SLACK_URL, "Slack"), (TEAMS_URL, "Power Automate")])
def test_a_webhooks_own_address_will_do(url, service) -> None:
    """The address that Slack or Teams shows goes into the connection unchanged."""
    found = apprise.Apprise.instantiate(url)
    assert found is not None
    assert service in str(found.service_name)
