"""Blob Storage as the orchestrator sees it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import ContainerClient

from sensor_scoring.blobs import BlobStore, is_azurite
from sensor_scoring.errors import SettingsError, StorageAccessRefused

if TYPE_CHECKING:
    from local_stack.azurite import BlobStorage

WASB_CONN = "wasb_for_tests"


@pytest.fixture
def store(storage: BlobStorage) -> BlobStore:
    """Return the store of the connection to Azurite."""
    assert storage.port
    return BlobStore(WASB_CONN)


def test_texts_are_written_read_and_listed(store: BlobStore) -> None:
    """What is not there is None, not an error; many go at once."""
    store.write_all("runs", {f"blobs/{number}.json": f"{number}" for number in range(40)})
    assert store.read("runs", "blobs/7.json") == b"7"
    assert store.read("runs", "blobs/none.json") is None
    assert store.read("no-such-container", "blob") is None
    assert store.read_all("runs", ["blobs/1.json", "blobs/none.json"]) == [b"1", None]
    assert store.exists("runs", "blobs/1.json")
    assert not store.exists("runs", "blobs/none.json")
    assert sum(blob.size for blob in store.found("runs", "blobs/")) == 10 + 2 * 30


def test_a_conditional_write_loses_to_whoever_was_faster(store: BlobStore) -> None:
    """It says so and writes nothing, whether the blob was there or not."""
    assert store.read_versioned("runs", "conditional.json") is None
    assert store.write_if_unchanged("runs", "conditional.json", "1", etag=None)
    assert not store.write_if_unchanged("runs", "conditional.json", "2", etag=None)
    data, etag = store.read_versioned("runs", "conditional.json") or (b"", "")
    assert data == b"1"
    assert store.write_if_unchanged("runs", "conditional.json", "3", etag=etag)
    assert not store.write_if_unchanged("runs", "conditional.json", "4", etag=etag)
    assert store.read("runs", "conditional.json") == b"3"


def test_a_signature_grants_what_was_asked_for_and_no_more(store: BlobStore) -> None:
    """A task that may read one container can neither write there nor read another."""
    store.write("data", "signed/a.csv", "text")
    url = store.signed_url("data", permissions="r", lasts=timedelta(minutes=5))
    client = ContainerClient.from_container_url(url)
    assert client.download_blob("signed/a.csv").readall() == b"text"
    for forbidden in (
        lambda: client.upload_blob("signed/b.csv", b"x"),
        lambda: list(client.list_blob_names()),
        lambda: (
            ContainerClient.from_container_url(url.replace("/data?", "/models?"))
            .download_blob("registry.json")
            .readall()
        ),
    ):
        with pytest.raises(HttpResponseError) as caught:
            forbidden()
        assert caught.value.status_code == 403


def test_an_account_key_signs_for_azurite_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its signatures could not be revoked one by one: a real account needs an identity."""
    connection = {
        "conn_type": "wasb",
        "extra": {
            "connection_string": "DefaultEndpointsProtocol=https;AccountName=real;AccountKey=a2V5;"
            "EndpointSuffix=core.windows.net"
        },
    }
    monkeypatch.setenv("AIRFLOW_CONN_REAL_ACCOUNT", json.dumps(connection))
    with pytest.raises(SettingsError, match="real_account holds an account key"):
        BlobStore("real_account").signed_url("data", permissions="r", lasts=timedelta(minutes=5))


def test_a_refusal_is_one_sentence_without_a_signature(
    storage: BlobStorage, store: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the connection and what to check; a URL may carry a secret and is left out."""
    signature = store.signed_url("data", permissions="r", lasts=timedelta(minutes=5)).partition("?")[2]
    connection = {
        "conn_type": "wasb",
        "login": "devstoreaccount1",
        "host": storage.url,
        "extra": {"sas_token": signature},
    }
    monkeypatch.setenv("AIRFLOW_CONN_READ_ONLY", json.dumps(connection))
    with pytest.raises(StorageAccessRefused) as caught:
        BlobStore("read_only").write("data", "signed/c.csv", "x")
    assert str(caught.value).startswith("cannot write data/signed/c.csv: Blob Storage (connection read_only)")
    assert "sig=" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:10000/devstoreaccount1/data", True),
        ("https://azurite:10000/devstoreaccount1/data", True),
        ("https://account.blob.core.windows.net/data", False),
    ],
)
def test_azurite_is_known_by_its_address(url, expected) -> None:
    """Plain HTTP, or the account in the path."""
    assert is_azurite(url) is expected
