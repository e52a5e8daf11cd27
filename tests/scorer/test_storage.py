"""Access to a real Blob service: reads, writes and errors."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from scorer.errors import BlobConflict, BlobMissing, OrderFault, StorageFault
from scorer.storage import open_container, refuse_folder
from scoring_contract.errors import InvocationError
from scoring_contract.layout import Container
from tests.support.busy_storage import CHANGING, busy_storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.scorer.conftest import Storage

DATA, MODELS = Container.DATA, Container.MODELS


def test_a_blob_is_written_with_its_type(storage: Storage) -> None:
    """It reads back as written, and a second write replaces it."""
    container = open_container(DATA, storage.environ({DATA: "rcw"}))
    for data in (b"old", b"\x00new"):
        container.write("a/b.csv", data, content_type="text/csv")
    assert container.read("a/b.csv") == b"\x00new"
    assert storage.content_type(DATA, "a/b.csv") == "text/csv"


def test_metadata_travels_with_a_blob(storage: Storage) -> None:
    """Readers get the metadata that the writer attached."""
    container = open_container(DATA, storage.environ({DATA: "rcw"}))
    mark = {"model_sha256": "ab"}
    container.write_if_unchanged("a/b.csv", b"1", content_type="text/csv", etag=None, metadata=mark)
    assert storage.metadata(DATA, "a/b.csv") == mark
    assert container.read_versioned("a/b.csv").metadata["model_sha256"] == "ab"


def test_a_blob_is_written_only_if_it_is_the_one_that_was_read(storage: Storage) -> None:
    """A conditional write fails if another writer changed or created the blob meanwhile."""
    container = open_container(MODELS, storage.environ({MODELS: "rcw"}))
    container.write_if_unchanged("r.json", b"1", content_type="application/json", etag=None)
    read = container.read_versioned("r.json")
    with pytest.raises(BlobConflict, match=r"^models/r\.json: another writer"):
        container.write_if_unchanged("r.json", b"2", content_type="application/json", etag=None)
    container.write_if_unchanged("r.json", b"3", content_type="application/json", etag=read.etag)
    with pytest.raises(BlobConflict):
        container.write_if_unchanged("r.json", b"4", content_type="application/json", etag=read.etag)
    assert storage.get(MODELS, "r.json") == b"3"


@pytest.mark.parametrize("name", ["a b.csv", "a+b.csv", "a%20b.csv", "a#b?c.csv", "ä;=&.csv"])
def test_any_file_name_is_listed_and_read(storage: Storage, name: str) -> None:
    """Devices and services may name their files as they like."""
    storage.put(DATA, f"readings/x/{name}", b"1")
    storage.put(DATA, "readings/xy/other.csv", b"2")
    container = open_container(DATA, storage.environ({DATA: "rl"}))
    assert list(container.names("readings/x/")) == [f"readings/x/{name}"]
    assert container.read(f"readings/x/{name}") == b"1"


def test_a_missing_blob_is_told_from_a_missing_container(storage: Storage) -> None:
    """A missing container is an error; otherwise every sensor would look silent."""
    environ = storage.environ({DATA: "r"})
    with pytest.raises(BlobMissing, match=r"^data/no\.csv: there is no such blob$"):
        open_container(DATA, environ).read("no.csv")
    storage.service.delete_container(storage.name_of(DATA))
    with pytest.raises(StorageFault, match=r"^data/no\.csv: its container does not exist$") as caught:
        open_container(DATA, environ).read("no.csv")
    assert not isinstance(caught.value, BlobMissing)


def test_a_refusal_is_told_without_the_signature(storage: Storage) -> None:
    """For an expired or insufficient signature, status and error code are enough."""
    expired = storage.url(DATA, "r", hours=-1)
    with pytest.raises(StorageFault, match=r"data/a\.csv: Blob Storage answered 403") as caught:
        open_container(DATA, {"SCORING_DATA_URL": expired}).read("a.csv")
    assert "sig" not in str(caught.value)
    assert caught.value.__suppress_context__
    reader = open_container(DATA, storage.environ({DATA: "r"}))
    with pytest.raises(StorageFault, match=r"403 Forbidden \(AuthorizationPermissionMismatch\)"):
        reader.write("a.csv", b"", content_type="text/csv")
    with pytest.raises(StorageFault, match=r"data/readings/: Blob Storage answered 403"):
        list(reader.names("readings/"))


def test_a_service_that_is_not_there_is_a_storage_fault() -> None:
    """A refused connection is retried a few times, then reported."""
    environ = {"SCORING_DATA_URL": "http://127.0.0.1:1/devstoreaccount1/data?sig=c2VjcmV0"}
    with pytest.raises(StorageFault, match=r"data/a\.csv: .*Connection refused") as caught:
        open_container(DATA, environ).read("a.csv")
    assert "c2VjcmV0" not in str(caught.value)


def test_a_folder_is_a_container_to_read_from_and_write_to(tmp_path: Path) -> None:
    """A mounted container needs no HTTP and has no metadata."""
    container = open_container(DATA, {"SCORING_DATA_URL": tmp_path.as_uri()})
    container.write("a/b.csv", b"1", content_type="text/csv")
    assert (tmp_path / "a/b.csv").read_bytes() == b"1"
    assert container.read("a/b.csv") == b"1"
    assert list(container.names("a/")) == ["a/b.csv"]
    with pytest.raises(BlobMissing):
        container.read("a/c.csv")
    with pytest.raises(StorageFault):
        container.read("../outside")
    with pytest.raises(OrderFault, match="folder cannot be used here: it must not"):
        refuse_folder(container, because="it must not")


def test_a_folder_that_is_not_mounted_is_not_an_empty_container(tmp_path: Path) -> None:
    """Otherwise every reading in it would seem missing."""
    with pytest.raises(StorageFault, match="is not mounted"):
        open_container(DATA, {"SCORING_DATA_URL": (tmp_path / "gone").as_uri()})


def test_a_variable_that_is_not_set_is_named() -> None:
    """The environment is part of the order."""
    with pytest.raises(InvocationError, match="SCORING_MODELS_URL is not set"):
        open_container(MODELS, {})


@pytest.mark.parametrize("url", ["file:///mnt/data", "https://a.b/data/x", "mount:data"])
def test_signed_blobs_are_of_a_container(url: str) -> None:
    """A folder has no signatures; the error names the variable and quotes none."""
    value = json.dumps({"url": url, "signatures": {"a.csv": "sig=c2VjcmV0"}})
    with pytest.raises(OrderFault, match="SCORING_DATA_BLOBS") as caught:
        open_container(DATA, {"SCORING_DATA_BLOBS": value})
    assert "c2VjcmV0" not in str(caught.value)


class _Cloud(BaseHTTPRequestHandler):
    """Stands in for a virtual machine's metadata service and for the storage that accepts its tokens."""

    seen: ClassVar[list[tuple[str, str]]]

    def do_GET(self) -> None:
        """Answer with a token or with a blob."""
        parts = urlsplit(self.path)
        self.seen.append((self.path, self.headers.get("Authorization", "")))
        client = parse_qs(parts.query).get("client_id", ["nobody"])[0]
        token = {"access_token": f"of-{client}", "expires_on": "4102444800", "token_type": "Bearer"}
        body = json.dumps(token).encode() if parts.path == "/token" else b"TS"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Wed, 29 Aug 2018 03:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextmanager
def _cloud() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    class Cloud(_Cloud):
        seen: ClassVar[list[tuple[str, str]]] = []

    with ThreadingHTTPServer(("127.0.0.1", 0), Cloud) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", Cloud.seen
        finally:
            server.shutdown()
            thread.join()


def test_without_a_signature_the_machines_identity_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """``AZURE_CLIENT_ID`` selects the identity, whose token the Blob service gets."""
    with _cloud() as (address, seen):
        monkeypatch.setenv("AZURE_MSI_ENDPOINT", f"{address}/token")
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "bm90IHRvIGJlIHVzZWQ=")
        environ = {"SCORING_DATA_URL": f"{address}/fleet/data", "AZURE_CLIENT_ID": "pool-identity"}
        assert open_container(DATA, environ).read("a.csv") == b"TS"
    assert ("/fleet/data/a.csv", "Bearer of-pool-identity") in seen


@pytest.mark.parametrize("refusal", CHANGING)
def test_a_blob_that_is_being_written_is_read_again(refusal: tuple[int, str]) -> None:
    """Reading an append blob during an append must not fail a whole Batch task."""
    with busy_storage(refusal, refusal) as service:
        assert open_container(DATA, service.environ).read("a.csv") == b"TS\n"
        assert service.asked == 3
    with busy_storage(refusal) as service:
        assert open_container(DATA, service.environ).read_versioned("a.csv").data == b"TS\n"


@pytest.mark.parametrize("refusal", CHANGING)
def test_a_blob_that_changes_at_each_try_is_said_to(refusal: tuple[int, str]) -> None:
    """The error says so, and differs from the conflict of a conditional write."""
    with (
        busy_storage(*[refusal] * 9) as service,
        pytest.raises(
            StorageFault, match=r"^data/a\.csv: it changed during each of 5 attempts to read it$"
        ) as caught,
    ):
        open_container(DATA, service.environ).read("a.csv")
    assert not isinstance(caught.value, BlobConflict)
    assert service.asked == 5
