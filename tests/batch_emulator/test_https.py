"""HTTPS, with a certificate that the client is told to trust."""

from __future__ import annotations

import gc
import socket
import ssl
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AccessToken, AzureNamedKeyCredential
from azure.core.exceptions import ServiceRequestError

from azure_batch_emulator.errors import BadSetting
from azure_batch_emulator.server import EmulatorServer
from tests.support.certificates import Certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Token:
    """A credential with a token, as a managed identity has."""

    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        """Return a token that never expires."""
        return AccessToken("some-token", 2**31)


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    """Make a certificate."""
    return Certificate.made_in(tmp_path)


@pytest.fixture
def emulator(tmp_path: Path, certificate: Certificate) -> Iterator[EmulatorServer]:
    """Run an emulator on HTTPS."""
    with EmulatorServer(
        data=tmp_path / "batch",
        boot=timedelta(),
        allow_bearer=True,
        certificate=certificate.file,
        certificate_key=certificate.key,
    ) as emulator:
        yield emulator


def test_a_client_that_trusts_the_certificate_is_served(
    emulator: EmulatorServer, certificate: Certificate
) -> None:
    """With the account key, and with a token, which clients send over HTTPS only; URLs say https."""
    assert emulator.endpoint.startswith("https://127.0.0.1:")
    trusted = {"connection_verify": str(certificate.authority), "retry_total": 0}
    by_key = BatchClient(
        emulator.endpoint, AzureNamedKeyCredential(emulator.account, emulator.key), **trusted
    )
    none = models.BatchPoolInfo(pool_id="none")
    by_key.create_job(models.BatchJobCreateOptions(id="job", pool_info=none))
    by_token = BatchClient(emulator.endpoint, Token(), **trusted)
    assert [job.url for job in by_token.list_jobs()] == [f"{emulator.endpoint}/jobs/job"]


def test_clients_that_stay_connected_do_not_delay_the_end(tmp_path: Path, certificate: Certificate) -> None:
    """They say no goodbye over TLS unless they are asked to; their connections are closed all the same."""
    trust = ssl.create_default_context(cafile=str(certificate.authority))
    with EmulatorServer(
        data=tmp_path / "batch", certificate=certificate.file, certificate_key=certificate.key
    ) as emulator:
        address = urlsplit(emulator.endpoint)
        plain = socket.create_connection((address.hostname, address.port), timeout=60)
        client = trust.wrap_socket(plain, server_hostname=address.hostname)
        client.sendall(b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n")
        answer = b""
        while not answer.endswith(b"}"):
            answer += client.recv(1 << 16)
        gc.disable()  # it would close what was left open
    try:
        with client:
            assert client.recv(1) == b""
    finally:
        gc.enable()


def test_a_client_that_does_not_trust_it_is_not_fooled(emulator: EmulatorServer) -> None:
    """The emulator's certificate means nothing to clients that were not told to trust it."""
    client = BatchClient(
        emulator.endpoint, AzureNamedKeyCredential(emulator.account, emulator.key), retry_total=0
    )
    with pytest.raises(ServiceRequestError) as refused:
        list(client.list_jobs())
    assert "certificate verify failed" in str(refused.value)


def test_a_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The emulator does not start, and says why."""
    with pytest.raises(BadSetting, match="there is no file"):
        EmulatorServer(data=tmp_path, certificate=tmp_path / "none.pem")
