"""Container URLs: accepted and refused forms; signatures are never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from scorer.address import BlobAddress, FolderAddress, MountAddress, address_of, without_secrets
from scorer.errors import OrderFault

SAS = "sv=2026-10-06&sr=c&sp=r&sig=c2VjcmV0%2Fa%3D"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        pytest.param(
            f"https://fleet.blob.core.windows.net/data?{SAS}",
            BlobAddress("https://fleet.blob.core.windows.net", "fleet", "data", SAS),
            id="Azure with a signature",
        ),
        pytest.param(
            "https://fleet.blob.core.chinacloudapi.cn/data/",
            BlobAddress("https://fleet.blob.core.chinacloudapi.cn", "fleet", "data"),
            id="another cloud, by identity",
        ),
        pytest.param(
            f"http://127.0.0.1:10000/devstoreaccount1/data?{SAS}",
            BlobAddress("http://127.0.0.1:10000/devstoreaccount1", "devstoreaccount1", "data", SAS),
            id="Azurite",
        ),
        pytest.param(
            f"http://azurite:10000/devstoreaccount1/data?{SAS}",
            BlobAddress("http://azurite:10000/devstoreaccount1", "devstoreaccount1", "data", SAS),
            id="Azurite beside us: the development key is public",
        ),
        pytest.param(
            f"http://[::1]:10000/other/data?{SAS}",
            BlobAddress("http://[::1]:10000/other", "other", "data", SAS),
            id="loopback needs no encryption",
        ),
        pytest.param("mount:data", MountAddress("data"), id="mount"),
        pytest.param("file:///mnt/some%20data", FolderAddress(Path("/mnt/some data")), id="mounted folder"),
    ],
)
def test_urls_are_read(url: str, address: BlobAddress | FolderAddress | MountAddress) -> None:
    """Account, container and signature are found in every form of URL."""
    assert address_of(url, name="SCORING_DATA_URL") == address


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"http://fleet.blob.core.windows.net/data?{SAS}", id="plain http to Azure"),
        pytest.param(f"http://10.0.0.4/fleet/data?{SAS}", id="plain http to another machine"),
        pytest.param(f"https://fleet.blob.core.windows.net/?{SAS}", id="no container"),
        pytest.param(f"https://fleet.blob.core.windows.net/data/folder?{SAS}", id="a folder in a container"),
        pytest.param(f"http://127.0.0.1:10000/data?{SAS}", id="no account"),
        pytest.param(f"https://fleet.blob.core.windows.net/Data?{SAS}", id="no container name"),
        pytest.param(
            "https://fleet.blob.core.windows.net/data?secret=c2VjcmV0", id="query without signature"
        ),
        pytest.param("https://me:c2VjcmV0@fleet.blob.core.windows.net/data", id="user and password"),
        pytest.param(f"https://fleet.blob.core.windows.net/data?{SAS}#c2VjcmV0", id="fragment"),
        pytest.param(f"https://fleet.blob.core.windows.net/data?{SAS}\n", id="line break"),
        pytest.param("https://[c2VjcmV0/data", id="broken host"),
        pytest.param("https://fleet.blob.core.windows.net:c2VjcmV0/data", id="broken port"),
        pytest.param("wasbs://data@fleet/c2VjcmV0", id="another scheme"),
        pytest.param("c2VjcmV0", id="no URL"),
        pytest.param("file://c2VjcmV0/data", id="folder of another machine"),
        pytest.param("file:///mnt/data?c2VjcmV0", id="folder with a query"),
        pytest.param("mount:../c2VjcmV0", id="mount that leads elsewhere"),
        pytest.param("mount://c2VjcmV0/data", id="mount of another machine"),
    ],
)
def test_other_urls_are_refused_by_their_variable(url: str) -> None:
    """The error names the variable and never quotes the URL."""
    with pytest.raises(OrderFault, match="SCORING_DATA_URL") as caught:
        address_of(url, name="SCORING_DATA_URL")
    assert "c2VjcmV0" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"GET https://fleet.blob.core.windows.net/data/x.csv?{SAS} failed",
        f'error at "http://127.0.0.1:1/devstoreaccount1/data?{SAS}"',
        f"query {SAS} refused",
        f"{SAS}",
    ],
)
def test_signatures_do_not_survive_in_texts(text: str) -> None:
    """Neither inside a URL nor alone."""
    assert "c2VjcmV0" not in without_secrets(text)


def test_texts_without_secrets_are_left_alone() -> None:
    """Blob names stay readable."""
    sentence = "data/readings/2018/08/29/02/1_4/a.csv: there is no such blob (what now?)"
    assert without_secrets(sentence) == sentence


def test_an_address_hides_its_signature() -> None:
    """Its repr may end up in a traceback."""
    assert "c2VjcmV0" not in repr(address_of(f"https://fleet.blob.core.windows.net/data?{SAS}", name="X"))
