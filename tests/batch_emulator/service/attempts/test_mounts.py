"""A pool's mounts: folders of this machine below the node's mount folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from azure.batch import models

from tests.batch_emulator.bench import WAIT, present

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.batch_emulator.bench import Bench

MOUNTS = {
    "account/container": models.MountConfiguration(
        azure_blob_file_system_configuration=models.AzureBlobFileSystemConfiguration(
            account_name="account", container_name="container", relative_mount_path="m", sas_key="s"
        )
    ),
    "https://account.file.example/share": models.MountConfiguration(
        azure_file_share_configuration=models.AzureFileShareConfiguration(
            account_name="account",
            account_key="k",
            azure_file_url="https://account.file.example/share/",
            relative_mount_path="m",
        )
    ),
    "server:/export": models.MountConfiguration(
        nfs_mount_configuration=models.NfsMountConfiguration(source="server:/export", relative_mount_path="m")
    ),
    "//server/share": models.MountConfiguration(
        cifs_mount_configuration=models.CifsMountConfiguration(
            source="//server/share", username="u", password="p", relative_mount_path="m"
        )
    ),
}


@pytest.mark.parametrize("name", MOUNTS)
def test_mounted_folder_is_there_for_tasks(bench_of: Callable[..., Bench], tmp_path: Path, name: str) -> None:
    """Every kind of mount appears at its path, and what tasks write there stays."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "note").write_text("mounted\n")
    bench = bench_of(mounts={name: tmp_path / "files"})
    bench.pool(mount_configuration=[MOUNTS[name]])
    bench.job()
    bench.run(bench.sh("cat $AZ_BATCH_NODE_MOUNTS_DIR/m/note; echo new > $AZ_BATCH_NODE_MOUNTS_DIR/m/more"))
    assert bench.output() == "mounted\n"
    assert (tmp_path / "files" / "more").read_text() == "new\n"
    assert len(present(bench.client.get_pool("pool").mount_configuration)) == 1


def test_removal_of_a_node_leaves_what_it_mounted(bench_of: Callable[..., Bench], tmp_path: Path) -> None:
    """Mounted files outlive the nodes."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "note").write_text("mounted\n")
    bench = bench_of(mounts={"server:/export": tmp_path / "files"})
    bench.pool(mount_configuration=[MOUNTS["server:/export"]])
    bench.job()
    bench.run("/bin/true")
    nodes = bench.emulator.settings.data / "nodes" / "pool"
    bench.client.begin_delete_pool("pool", **WAIT).result()
    bench.until(lambda: not any(nodes.iterdir()))
    assert (tmp_path / "files" / "note").exists()


def test_mount_that_nothing_stands_for_makes_nodes_unusable(bench: Bench) -> None:
    """The node's error names the mount and the missing option."""
    bench.pool(mount_configuration=[MOUNTS["server:/export"]])
    (node,) = bench.nodes()
    assert node.state == "unusable"
    assert "--mount server:/export=FOLDER" in node.errors[0].message
    assert {(pair.name, pair.value) for pair in node.errors[0].error_details} >= {
        ("MountConfigurationPath", "m")
    }


@pytest.mark.parametrize("path", ["../elsewhere", "/absolute", "", "a/../../b"])
def test_mount_path_stays_below_its_folder(bench: Bench, refusal: Callable[..., Any], path: str) -> None:
    """A path that leads elsewhere is refused."""
    nfs = models.NfsMountConfiguration(source="s", relative_mount_path=path)
    mounts = [models.MountConfiguration(nfs_mount_configuration=nfs)]
    refusal(lambda: bench.pool(mount_configuration=mounts), status=400, code="InvalidPropertyValue")


@pytest.mark.parametrize("count", [11, 1], ids=["too-many", "of-no-kind"])
def test_mounts_are_few_and_of_one_kind(bench: Bench, refusal: Callable[..., Any], count: int) -> None:
    """At most ten mounts, each of one kind."""
    mounts = [MOUNTS["server:/export"]] * count if count > 1 else [models.MountConfiguration()]
    refusal(lambda: bench.pool(mount_configuration=mounts), status=400, code="InvalidPropertyValue")


def test_each_mount_has_a_path_of_its_own(bench: Bench, refusal: Callable[..., Any]) -> None:
    """Of two mounts in one place, tasks would see one."""
    mounts = [MOUNTS["server:/export"], MOUNTS["//server/share"]]
    refusal(lambda: bench.pool(mount_configuration=mounts), status=400, code="InvalidPropertyValue")


@pytest.mark.parametrize("credentials", [{}, {"account_key": "a2V5", "sas_key": "sv=1&sig=s"}])
def test_a_container_is_mounted_with_one_credential(
    bench: Bench, refusal: Callable[..., Any], credentials: dict[str, str]
) -> None:
    """A key, a signature or an identity, and the refusal shows none."""
    blobs = models.AzureBlobFileSystemConfiguration(
        account_name="account",
        container_name="container",
        relative_mount_path="m",
        account_key=credentials.get("account_key"),
        sas_key=credentials.get("sas_key"),
    )
    mounts = [models.MountConfiguration(azure_blob_file_system_configuration=blobs)]
    refused = refusal(lambda: bench.pool(mount_configuration=mounts), status=400, code="InvalidPropertyValue")
    assert not any(secret in str(refused) for secret in credentials.values())
