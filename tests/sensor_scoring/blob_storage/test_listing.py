"""Listing blobs with their metadata."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import ContainerClient

from scoring_contract.layout import Container
from sensor_scoring.blob_storage.listing import FoundBlob, listed
from tests.support.listing_storage import listing_storage

if TYPE_CHECKING:
    from local_stack.services.azurite import BlobStorage
    from tests.support.listing_storage import ListingStorage

SIGNATURE = "sv=2026-02-06&sig=c2VjcmV0"


def an_entry(name: str, *, encoded: bool = False, size: int = 3) -> str:
    """Return a blob as the service lists it."""
    attribute = ' Encoded="true"' if encoded else ""
    return (
        f"<Blob><Name{attribute}>{name}</Name><Properties>"
        "<Last-Modified>Wed, 29 Aug 2018 03:00:07 GMT</Last-Modified>"
        f"<Content-Length>{size}</Content-Length></Properties><Metadata /></Blob>"
    )


def test_what_is_listed_is_what_the_sdk_lists(storage: BlobStorage) -> None:
    """Any names, sizes, metadata and times, in the same order."""
    runs = storage.container(Container.RUNS)
    for name in ("a.csv", "a b&c<d>'\".csv", "ü%20+ß.csv", "a\tb.csv", "deep/er/2018.csv"):
        runs.upload_blob(f"listing/{name}", b"TS\r\n" * len(name), overwrite=True)
    runs.upload_blob("listing/marked", b"", metadata={"Hour": "2018-08-29T02", "empty": ""}, overwrite=True)
    theirs = [FoundBlob.of(each) for each in runs.list_blobs("listing/", include=["metadata"])]
    assert list(listed(runs, "listing/")) == theirs
    assert len(theirs) == 6
    assert list(listed(runs, "listing/none")) == []


def test_a_container_that_is_not_there_is_an_error(storage: BlobStorage) -> None:
    """As in the SDK: an empty listing would look like a silent fleet."""
    client = ContainerClient.from_connection_string(storage.connection_string, "no-such-container")
    with pytest.raises(ResourceNotFoundError):
        list(listed(client, ""))


def a_client(service: ListingStorage, *, tries: int) -> ContainerClient:
    """Return a client that retries at once."""
    url = f"{service.url}/runs?{SIGNATURE}"
    return ContainerClient.from_container_url(url, retry_total=tries - 1, initial_backoff=0, increment_base=0)


def test_every_page_is_listed_once_though_the_service_was_busy() -> None:
    """Error responses are not pages, and names that XML cannot contain are decoded."""
    pages = (an_entry("a.csv") + an_entry("b%01%25.csv", encoded=True), an_entry("c%25.csv", size=0), "")
    with listing_storage(*pages, refusals=1) as service, a_client(service, tries=3) as client:
        found = list(listed(client, "hour/"))
    written = datetime(2018, 8, 29, 3, 0, 7, tzinfo=UTC)
    assert found == [
        FoundBlob("a.csv", 3, {}, written),
        FoundBlob("b\x01%.csv", 3, {}, written),
        FoundBlob("c%25.csv", 0, {}, written),
    ]
    assert [query.get("marker") for query in service.asked] == [None, None, ["1"], ["2"]]
    assert all(query["include"] == ["metadata"] for query in service.asked)
    assert all(query["prefix"] == ["hour/"] for query in service.asked)


def test_a_service_that_stays_busy_is_an_error() -> None:
    """Half a listing must not pass for a complete one."""
    pages = an_entry("a.csv"), an_entry("b.csv")
    with listing_storage(*pages) as service, a_client(service, tries=2) as client:
        found = listed(client, "")
        assert next(found).name == "a.csv"
        service.refusals = 10
        with pytest.raises(HttpResponseError):
            next(found)
