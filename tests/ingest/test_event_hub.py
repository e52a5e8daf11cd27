"""Which event hub the environment names."""

from __future__ import annotations

import asyncio

import pytest
from azure.identity.aio import DefaultAzureCredential

from ingest.event_hub import (
    CONNECTION_VARIABLE,
    HOST_VARIABLE,
    NAME_VARIABLE,
    URI_VARIABLE,
    HubAddress,
    Producers,
    address_of,
    consumer_of,
)

CONNECTION = "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=c2VjcmV0"
URI = "azure-event-hub://send:a%2Fb%2B%3D@x.servicebus.windows.net/sensors"


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        pytest.param(
            {CONNECTION_VARIABLE: CONNECTION, NAME_VARIABLE: "sensors"},
            HubAddress("x.servicebus.windows.net", "sensors", CONNECTION),
            id="connection-string",
        ),
        pytest.param(
            {CONNECTION_VARIABLE: f"{CONNECTION};EntityPath=sensors", URI_VARIABLE: "ignored"},
            HubAddress("x.servicebus.windows.net", "sensors", f"{CONNECTION};EntityPath=sensors"),
            id="entity-path",
        ),
        pytest.param(
            {HOST_VARIABLE: "x.servicebus.windows.net", NAME_VARIABLE: "sensors"},
            HubAddress("x.servicebus.windows.net", "sensors"),
            id="identity",
        ),
        pytest.param(
            {URI_VARIABLE: URI},
            HubAddress(
                "x.servicebus.windows.net",
                "sensors",
                "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=a/b+=",
            ),
            id="uri",
        ),
        pytest.param(
            {URI_VARIABLE: "azure-event-hub://x.servicebus.windows.net/my%20hub"},
            HubAddress("x.servicebus.windows.net", "my hub"),
            id="uri-identity",
        ),
        pytest.param(
            {URI_VARIABLE: "azure-event-hub://send:k@127.0.0.1:5672/sensors?UseDevelopmentEmulator=true"},
            HubAddress(
                "127.0.0.1:5672",
                "sensors",
                "Endpoint=sb://127.0.0.1:5672/;SharedAccessKeyName=send;SharedAccessKey=k"
                ";UseDevelopmentEmulator=true",
            ),
            id="uri-local",
        ),
    ],
)
def test_a_hub_is_named_in_one_of_three_ways(environ: dict[str, str], address: HubAddress) -> None:
    """By a connection string, by names for the signed-in identity, or by a connection of Airflow's."""
    found = address_of(environ)
    assert found == address
    assert "SharedAccessKey" not in repr(found)
    consumer_of(environ, "$Default").close()


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        pytest.param({}, f"or {URI_VARIABLE}", id="nothing"),
        pytest.param({CONNECTION_VARIABLE: "secret"}, f"{CONNECTION_VARIABLE} is not of the form", id="text"),
        pytest.param(
            {CONNECTION_VARIABLE: "Endpoint=sb://secret/;EntityPath=s"},
            f"{CONNECTION_VARIABLE} is not of the form",
            id="no-key",
        ),
        pytest.param(
            {URI_VARIABLE: "https://a:secret@b/c"}, f"{URI_VARIABLE} is not of the form", id="scheme"
        ),
        pytest.param(
            {URI_VARIABLE: "azure-event-hub://a:secret@b"}, f"{URI_VARIABLE} is not of the form", id="no-hub"
        ),
        pytest.param(
            {URI_VARIABLE: "azure-event-hub://secret@b/c"}, "no key name or no key", id="half-a-login"
        ),
        pytest.param(
            {URI_VARIABLE: "azure-event-hub://b:1/c?UseDevelopmentEmulator=true"},
            "no key name or no key",
            id="local-identity",
        ),
        pytest.param(
            {URI_VARIABLE: "azure-event-hub://a:secret%3BEndpoint=sb:%2F%2Fc@b/c"},
            "a semicolon",
            id="semicolon",
        ),
    ],
)
def test_what_names_no_hub_is_one_sentence(environ: dict[str, str], sentence: str) -> None:
    """It names the variable to set, and repeats no secret."""
    with pytest.raises(ValueError, match=sentence) as refused:
        address_of(environ)
    assert "secret" not in str(refused.value)


def test_the_signed_in_identity_is_shared_and_closed() -> None:
    """Several connections ask for tokens with one credential, which is closed after them."""

    async def scenario() -> None:
        producers = Producers(HubAddress("x.servicebus.windows.net", "sensors"))
        clients = [producers.new() for _ in range(2)]
        assert isinstance(clients[0]._credential, DefaultAzureCredential)
        assert clients[0]._credential is clients[1]._credential
        for client in clients:
            await client.close()
        await producers.close()

    asyncio.run(scenario())
