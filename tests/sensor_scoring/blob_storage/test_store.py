"""Blob Storage as the orchestrator sees it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import (
    AccountSasPermissions,
    BlobServiceClient,
    ContainerClient,
    ResourceTypes,
    UserDelegationKey,
    generate_account_sas,
)

from local_stack.services.azurite import ACCOUNT, KEY
from scoring_contract.layout import Container
from sensor_scoring.blob_storage.store import BlobStore, is_azurite
from sensor_scoring.errors import SettingsError, StorageAccessRefused, StorageError
from tests.support.busy_storage import CHANGING, busy_storage

if TYPE_CHECKING:
    from local_stack.services.azurite import BlobStorage

WASB_CONN = "wasb_for_tests"


@pytest.fixture
def store(storage: BlobStorage) -> BlobStore:
    """Return the store of the connection to Azurite."""
    assert storage.url
    return BlobStore(WASB_CONN)


def test_texts_are_written_read_and_listed(store: BlobStore) -> None:
    """A missing blob is None, not an error; many are handled at once."""
    store.write_all("runs", {f"blobs/{number}.json": f"{number}" for number in range(40)})
    assert store.read("runs", "blobs/7.json") == b"7"
    assert store.read("runs", "blobs/none.json") is None
    assert store.read("no-such-container", "blob") is None
    assert store.read_all("runs", ["blobs/1.json", "blobs/none.json"]) == [b"1", None]
    assert store.exists("runs", "blobs/1.json")
    assert not store.exists("runs", "blobs/none.json")
    assert sum(blob.size for blob in store.found("runs", "blobs/")) == 10 + 2 * 30


def test_a_conditional_write_loses_to_whoever_was_faster(store: BlobStore) -> None:
    """It reports that and writes nothing, whether the blob existed or not."""
    assert store.read_versioned("runs", "conditional.json") is None
    assert store.write_if_unchanged("runs", "conditional.json", "1", etag=None)
    assert not store.write_if_unchanged("runs", "conditional.json", "2", etag=None)
    data, etag = store.read_versioned("runs", "conditional.json") or (b"", "")
    assert data == b"1"
    assert store.write_if_unchanged("runs", "conditional.json", "3", etag=etag)
    assert not store.write_if_unchanged("runs", "conditional.json", "4", etag=etag)
    assert store.read("runs", "conditional.json") == b"3"


def test_a_signature_grants_what_was_asked_for_and_no_more(store: BlobStore) -> None:
    """A task that may read one container can neither write to it nor read another."""
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
    """Its signatures cannot be revoked one by one, so a real account requires an identity."""
    connection = {
        "conn_type": "wasb",
        "extra": {
            "connection_string": "DefaultEndpointsProtocol=https;AccountName=real;AccountKey=a2V5;"
            "EndpointSuffix=core.windows.net"
        },
    }
    monkeypatch.setenv("AIRFLOW_CONN_REAL_ACCOUNT", json.dumps(connection))
    monkeypatch.setenv("SENSOR_SCORING_ALLOW_ACCOUNT_KEYS", "true")
    with pytest.raises(SettingsError, match=r"real_account holds an account key.* tasks get signatures"):
        BlobStore("real_account").signed_url("data", permissions="r", lasts=timedelta(minutes=5))


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"host": "https://real.blob.core.windows.net", "password": KEY}, id="password"),
        pytest.param(
            {"host": "http://azurite:10000/devstoreaccount1", "extra": {"account_key": KEY}}, id="extra"
        ),
        pytest.param(
            {"extra": {"connection_string": f"AccountName=real;AccountKey={KEY}"}}, id="connection-string"
        ),
    ],
)
def test_an_account_key_is_for_this_machine(monkeypatch: pytest.MonkeyPatch, fields) -> None:
    """Nothing is sent with one anywhere else; the sentence says what to do, and a setting lifts it."""
    connection = {"conn_type": "wasb", "login": "real", **fields}
    monkeypatch.setenv("AIRFLOW_CONN_KEYED", json.dumps(connection))
    store = BlobStore("keyed")
    for ask in (lambda: store.read("data", "a.csv"), lambda: store.signer(timedelta(minutes=5))):
        with pytest.raises(
            SettingsError, match="keyed holds an account key; give it an identity instead"
        ) as caught:
            ask()
        assert "SENSOR_SCORING_ALLOW_ACCOUNT_KEYS=true" in str(caught.value)
        assert KEY not in str(caught.value)
    assert store.account_key() == KEY, "a pool's mount may need it"
    monkeypatch.setenv("SENSOR_SCORING_ALLOW_ACCOUNT_KEYS", "true")
    assert store._client.credential


def test_a_refusal_is_one_sentence_without_a_signature(
    storage: BlobStorage, store: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the connection and what to check, but not the URL, which may contain a secret."""
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
    assert "refused access (Authorization" in str(caught.value), "the service's code as it writes it"
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
    """It uses plain HTTP, or has the account in the path."""
    assert is_azurite(url) is expected


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda token, url: {"host": url, "extra": {"sas_token": token}}, id="token"),
        pytest.param(
            lambda token, url: {"host": url, "extra": {"sas_token": f"?{token}"}}, id="question-mark"
        ),
        pytest.param(
            lambda token, url: {
                "extra": {"connection_string": f"BlobEndpoint={url};SharedAccessSignature={token}"}
            },
            id="connection-string",
        ),
    ],
)
def test_a_connection_that_is_a_signature_passes_it_on(
    storage: BlobStorage, store: BlobStore, monkeypatch: pytest.MonkeyPatch, form
) -> None:
    """With only a signature, no delegation key can be requested."""
    token = generate_account_sas(
        account_name=ACCOUNT,
        account_key=KEY,
        resource_types=ResourceTypes(service=True, container=True, object=True),
        permission=AccountSasPermissions(read=True, list=True),
        expiry=datetime.now(UTC) + timedelta(minutes=5),
    )
    store.write("data", "signed/a.csv", "text")
    connection = {"conn_type": "wasb", "login": ACCOUNT, **form(token, storage.url)}
    monkeypatch.setenv("AIRFLOW_CONN_SIGNED", json.dumps(connection))
    signed = BlobStore("signed")
    assert signed.read("data", "signed/a.csv") == b"text"
    url = signed.signed_url("data", permissions="r", lasts=timedelta(minutes=5))
    assert url.startswith(f"{storage.url}/data?")
    assert url.count("?") == 1
    assert ContainerClient.from_container_url(url).download_blob("signed/a.csv").readall() == b"text"
    assert "?" not in signed.container_url("data")


@pytest.mark.parametrize("extra", [{}, {"account_key": KEY}, {"shared_access_key": KEY}])
def test_an_account_key_is_read_wherever_the_provider_reads_it(
    storage: BlobStorage, store: BlobStore, monkeypatch: pytest.MonkeyPatch, extra
) -> None:
    """In the password, or under either name in the extra; it signs for Azurite."""
    store.write("data", "signed/a.csv", "text")
    connection = {"conn_type": "wasb", "login": ACCOUNT, "host": storage.url, "extra": extra}
    connection |= {} if extra else {"password": KEY}
    monkeypatch.setenv("AIRFLOW_CONN_KEYED", json.dumps(connection))
    url = BlobStore("keyed").signed_url("data", permissions="r", lasts=timedelta(minutes=5))
    assert ContainerClient.from_container_url(url).download_blob("signed/a.csv").readall() == b"text"


@pytest.mark.parametrize(
    "fields",
    [
        {"extra": {"managed_identity_client_id": "c"}},
        {"login": "app", "password": "secret", "extra": {"tenant_id": "t"}},
        {},
    ],
    ids=["managed-identity", "client-secret", "default-identity"],
)
def test_an_identity_signs_with_a_delegation_key(monkeypatch: pytest.MonkeyPatch, fields) -> None:
    """With neither key nor signature, the service issues a key that can be revoked."""
    connection = {"conn_type": "wasb", "host": "https://account.blob.core.windows.net", **fields}
    monkeypatch.setenv("AIRFLOW_CONN_IDENTITY", json.dumps(connection))
    asked = []

    def delegation_key(_client: BlobServiceClient, start: datetime, until: datetime) -> UserDelegationKey:
        asked.append(until - start)
        key = UserDelegationKey()
        key.signed_oid = key.signed_tid = "id"
        key.signed_start = key.signed_expiry = "2018-08-29T02:00:00Z"
        key.signed_service, key.signed_version, key.value = "b", "2020-02-10", KEY
        return key

    # The one thing that needs Microsoft's own sign-in.
    monkeypatch.setattr(BlobServiceClient, "get_user_delegation_key", delegation_key)
    url = BlobStore("identity").signed_url("data", permissions="r", lasts=timedelta(minutes=5))
    assert len(asked) == 1
    assert url.startswith("https://account.blob.core.windows.net/data?")
    assert "skoid=id" in url


def test_directories_are_no_blobs(storage: BlobStorage, store: BlobStore) -> None:
    """An account with a hierarchical namespace lists them; they are left out."""
    runs = storage.container(Container.RUNS)
    folders = ("hns", "hns/reports", "hns/reports/job")
    for name, mark in zip(folders, ("hdi_isfolder", "Hdi_isfolder", "hdi_isfolder"), strict=True):
        runs.upload_blob(name, b"", metadata={mark: "true"})
    store.write("runs", "hns/reports/job/task.json", "{}")
    store.write("runs", "hns/plan.json", "{}")
    assert [blob.name for blob in store.found("runs", "hns")] == [
        "hns/plan.json",
        "hns/reports/job/task.json",
    ]
    assert store.folders("runs", "hns") == ["hns"]
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert store.delete_folder("runs", "hns", before=later) == 2
    assert list(runs.list_blob_names(name_starts_with="hns")) == []

    runs.upload_blob("hns", b"", metadata={"hdi_isfolder": "true"})
    assert store.folders("runs", "hns") == ["hns"], "one that is empty is left of an earlier tidying"
    assert store.delete_folder("runs", "hns", before=datetime(2018, 8, 29, tzinfo=UTC)) == 0
    assert list(runs.list_blob_names(name_starts_with="hns")) == ["hns"], "a run may have made it just now"
    assert store.delete_folder("runs", "hns", before=later) == 0
    assert list(runs.list_blob_names(name_starts_with="hns")) == []


@pytest.mark.parametrize("refusal", CHANGING)
def test_a_blob_that_is_being_written_is_read_again(
    monkeypatch: pytest.MonkeyPatch, refusal: tuple[int, str]
) -> None:
    """Every read retries; a blob that keeps changing is a storage error."""
    with busy_storage() as service:
        account = f"AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={service.url};"
        text = f"DefaultEndpointsProtocol=http;{account}"
        connection = {"conn_type": "wasb", "extra": {"connection_string": text}}
        monkeypatch.setenv("AIRFLOW_CONN_WASB_BUSY", json.dumps(connection))
        busy = BlobStore("wasb_busy")
        service.refusals = [refusal] * 2
        assert busy.read("data", "a.csv") == b"TS\n"
        service.refusals = [refusal] * 4
        assert busy.read_versioned("data", "a.csv") == (b"TS\n", '"1"')
        service.refusals = [refusal] * 9
        with pytest.raises(StorageError, match=r"cannot read data/a\.csv: "):
            busy.read("data", "a.csv")
        busy._client.close()  # a store has the life of its process, ours has not
