"""What ``supportedimages`` lists."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from azure_batch_emulator.errors import BadSetting
from azure_batch_emulator.wire.supported_images import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.batch_emulator.bench import Bench

IMAGE = {
    "nodeAgentSKUId": "batch.node.ubuntu 26.04",
    "imageReference": {"publisher": "canonical", "offer": "ubuntu-26_04-lts", "sku": "server"},
    "osType": "linux",
    "verificationType": "verified",
}


@pytest.mark.parametrize(
    ("offer", "sku", "agent"),
    [
        ("ubuntu-24_04-lts", "server", "batch.node.ubuntu 24.04"),
        ("0001-com-ubuntu-server-jammy", "22_04-lts", "batch.node.ubuntu 22.04"),
        ("ubuntuserver", "18.04-lts", "batch.node.ubuntu 18.04"),
        ("ubuntu-hpc", "2204", "batch.node.ubuntu 22.04"),
        ("windowsserver", "2022-datacenter", "batch.node.windows amd64"),
    ],
)
def test_images_of_the_samples_are_listed(bench: Bench, offer: str, sku: str, agent: str) -> None:
    """Programs that look up their image, as the documentation's samples do, find it."""
    images = list(bench.client.list_supported_images())
    found = [
        image.node_agent_sku_id
        for image in images
        if (image.image_reference.offer, image.image_reference.sku) == (offer, sku)
    ]
    assert found == [agent]


def test_a_file_gives_other_images(bench_of: Callable[..., Bench], tmp_path: Path) -> None:
    """The list is that of a file in the service's response format."""
    file = tmp_path / "images.json"
    file.write_text(json.dumps({"value": [IMAGE]}))
    images = list(bench_of(supported_images=file).client.list_supported_images())
    assert [image.node_agent_sku_id for image in images] == ["batch.node.ubuntu 26.04"]


@pytest.mark.parametrize(
    "content", ["{", "[]x", "{}", '[{"osType": "linux"}]', '[{"osType": "beos"}]', "[1]"]
)
def test_a_file_that_holds_no_images_is_refused(tmp_path: Path, content: str) -> None:
    """A file in another format is an invalid setting, which the error names."""
    file = tmp_path / "images.json"
    file.write_text(content)
    with pytest.raises(BadSetting, match=r"images\.json"):
        read(file)


def test_the_program_says_what_is_wrong_with_the_file(bench_of: Callable[..., Any], tmp_path: Path) -> None:
    """With a missing file it does not start."""
    with pytest.raises(BadSetting, match="there is no file"):
        bench_of(supported_images=tmp_path / "none.json")
