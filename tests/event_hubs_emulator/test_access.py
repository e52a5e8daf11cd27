"""Tokens: which are accepted, and what happens without."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.credentials import AccessToken, AzureSasCredential
from azure.eventhub import EventData, EventHubProducerClient, EventHubSharedKeyCredential
from azure.eventhub._pyamqp.utils import generate_sas_token
from azure.eventhub.exceptions import AuthenticationError, EventHubError

from azure_event_hubs_emulator.clock import ManualClock
from azure_event_hubs_emulator.errors import TokenRefused
from azure_event_hubs_emulator.hubs import HubSpec
from azure_event_hubs_emulator.service.tokens import Policy, check_sas, path_of
from tests.event_hubs_emulator.hub_clients import HUB, producer_of, send
from tests.support.waiting import until

POLICY = Policy("RootManageSharedAccessKey", "not-a-secret")
URI = "sb://127.0.0.1/sensors"


def client_with(emulator, credential) -> EventHubProducerClient:
    """Make a client that signs in otherwise than by connection string."""
    host = emulator.endpoint.removeprefix("sb://")
    return EventHubProducerClient(host, HUB, credential, use_tls=False, retry_total=0)


def token_for(uri=URI, *, key=POLICY.key, name=POLICY.name, expires=None) -> str:
    """Sign a token, as the client does."""
    moment = expires or datetime.now(UTC) + timedelta(hours=1)
    return str(generate_sas_token(uri, name, key, int(moment.timestamp())))


def test_a_wrong_key_is_refused(emulator) -> None:
    """The client learns that the signature is invalid, and nothing is kept."""
    wrong = emulator.connection_string(HUB).replace(emulator.settings.policy.key, "guessed")
    with (
        EventHubProducerClient.from_connection_string(wrong, retry_total=0) as producer,
        pytest.raises(AuthenticationError, match=r"(?s)401.*InvalidSignature"),
    ):
        producer.send_event(EventData("a"))
    assert emulator.call(lambda running: running.store.log(emulator.settings.hubs[0], 0).ends).is_empty


def test_an_expired_signature_is_refused(emulator_of) -> None:
    """A token of the past grants nothing, however well it is signed."""
    emulator = emulator_of(clock=ManualClock(datetime.now(UTC) + timedelta(days=9)))
    with pytest.raises(AuthenticationError, match="ExpiredToken"):
        send(emulator, ["a"])


def test_a_link_ends_with_its_token(emulator_of) -> None:
    """Whoever does not renew a token in time is detached."""
    clock = ManualClock(datetime.now(UTC))
    emulator = emulator_of(clock=clock)
    with producer_of(emulator) as producer:
        producer.send_event(EventData("a"), partition_id="0")
        opened: Any = producer._producers["0"]
        sender = opened._handler
        clock.turn(timedelta(days=2))

        until(lambda: sender.do_work() and sender._link.state.name == "ERROR")
        assert "'Send' claim(s) are required" in str(sender._link._error)


def test_a_signature_of_ones_own_is_enough(emulator) -> None:
    """A token for the namespace opens its hubs."""
    uri, policy = emulator.endpoint, emulator.settings.policy
    token = token_for(uri, key=policy.key, name=policy.name)
    with client_with(emulator, AzureSasCredential(token)) as producer:
        assert producer.get_partition_ids() == ["0", "1"]


def test_a_token_for_another_hub_is_refused(emulator_of) -> None:
    """It opens what it names, and nothing beside it."""
    emulator = emulator_of(hubs=(HubSpec(HUB, 1), HubSpec(f"{HUB}-2", 1)))
    policy = emulator.settings.policy
    token = token_for(f"{emulator.endpoint}/{HUB}-2", key=policy.key, name=policy.name)
    with (
        client_with(emulator, AzureSasCredential(token)) as producer,
        pytest.raises(AuthenticationError, match="InvalidAudience"),
    ):
        producer.send_event(EventData("a"))


class AnyToken:
    """A credential such as ``DefaultAzureCredential``."""

    def get_token(self, _scope: str, **_options) -> AccessToken:
        """Return what looks like a token."""
        return AccessToken("e30.e30.x", int(time.time()) + 3600)


def test_web_tokens_are_refused_unless_allowed(emulator_of, tmp_path) -> None:
    """The refusal names the option; with it any token does."""
    strict, lenient = emulator_of(), emulator_of(data=tmp_path / "lenient", allow_jwt=True)
    with client_with(strict, AnyToken()) as producer, pytest.raises(EventHubError, match="--allow-jwt"):
        producer.send_event(EventData("a"))
    with client_with(lenient, AnyToken()) as producer:
        producer.send_event(EventData("a"))
        assert producer.get_partition_ids() == ["0", "1"]


def test_a_named_key_is_enough(emulator) -> None:
    """The policy's name and key need no connection string."""
    policy = emulator.settings.policy
    with client_with(emulator, EventHubSharedKeyCredential(policy.name, policy.key)) as producer:
        producer.send_event(EventData("a"))


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        pytest.param(token_for(key="other"), "InvalidSignature", id="other-key"),
        pytest.param(token_for(name="Other"), "InvalidSignature", id="other-policy"),
        pytest.param(token_for().replace("&se=1", "&se=2"), "InvalidSignature", id="later-expiry"),
        pytest.param(token_for("sb://127.0.0.1/sens"), "InvalidAudience", id="prefix-of-a-name"),
        pytest.param(token_for("sb://elsewhere/sensors"), "InvalidAudience", id="other-host"),
        pytest.param("SharedAccessSignature sr=a", "MalformedToken", id="parts-missing"),
        pytest.param("Bearer x", "MalformedToken", id="no-signature"),
        pytest.param("", "MalformedToken", id="empty"),
        pytest.param(
            token_for(expires=datetime(2020, 1, 1, tzinfo=UTC)), "ExpiredToken", id="years-ago"
        ),
    ],
)  # fmt: skip
def test_a_wrong_token_grants_nothing(token, sentence) -> None:
    """What is wrong with it is said in the service's words."""
    with pytest.raises(TokenRefused, match=sentence):
        check_sas(token, audience=URI, policy=POLICY, now=datetime.now(UTC))


def test_a_right_token_grants_what_is_below_it() -> None:
    """It covers its hub and everything in it, in whatever case, until it expires."""
    now = datetime.now(UTC)
    grant = check_sas(token_for(), audience=URI, policy=POLICY, now=now)
    assert grant.covers(path_of("amqps://127.0.0.1/Sensors/ConsumerGroups/$Default/Partitions/0"), now=now)
    assert not grant.covers("sensors2", now=now)
    assert not grant.covers("sensors", now=now + timedelta(hours=2))
