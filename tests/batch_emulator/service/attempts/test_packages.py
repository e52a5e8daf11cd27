"""Application packages: folders of this machine that tasks find through their environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from azure.batch import models

from tests.batch_emulator.bench import present

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.batch_emulator.bench import Bench


@pytest.fixture
def packaged(bench_of: Callable[..., Bench], tmp_path: Path) -> Bench:
    """Start an emulator with two versions of an application."""
    for version in ("1.0", "2-b"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "version.txt").write_text(version)
    return bench_of(applications={("My.Tool", version): tmp_path / version for version in ("1.0", "2-b")})


def reference(application: str, version: str | None = None) -> Any:
    """Refer to a package."""
    return models.BatchApplicationPackageReference(application_id=application, version=version)


def test_task_finds_the_versions_it_names(packaged: Bench) -> None:
    """The variable's name has underscores for dots and hyphens, and it leads to the unpacked files."""
    packaged.pool()
    packaged.job()
    script = packaged.sh('cat "$AZ_BATCH_APP_PACKAGE_My_Tool_1_0/version.txt"; env | grep -c APP_PACKAGE')
    packaged.run(script, application_package_references=[reference("my.tool", "1.0")])
    assert packaged.output() == "1.01\n"
    shown = present(packaged.client.get_task("job", "task").application_package_references)
    assert [(each.application_id, each.version) for each in shown] == [("my.tool", "1.0")]


def test_package_lies_on_the_node(packaged: Bench) -> None:
    """A package's path is below the node's root, as in Azure."""
    packaged.pool()
    packaged.job()
    script = packaged.sh('echo "${AZ_BATCH_APP_PACKAGE_My_Tool#$AZ_BATCH_NODE_ROOT_DIR}"')
    packaged.run(script, application_package_references=[reference("My.Tool")])
    assert packaged.output() == "/applications/my.tool-2-b\n"


def test_pools_packages_are_there_for_start_task_and_tasks(packaged: Bench) -> None:
    """Without a version, every command on the pool's nodes gets the latest one."""
    command = packaged.sh('cat "$AZ_BATCH_APP_PACKAGE_My_Tool/version.txt" > $AZ_BATCH_NODE_SHARED_DIR/seen')
    packaged.pool(
        application_package_references=[reference("My.Tool")],
        start_task=models.BatchStartTask(command_line=command, wait_for_success=True),
    )
    packaged.job()
    script = 'cat $AZ_BATCH_NODE_SHARED_DIR/seen "$AZ_BATCH_APP_PACKAGE_My_Tool_2_b/version.txt"'
    packaged.run(packaged.sh(script))
    assert packaged.output() == "2-b2-b"


def test_pool_with_an_unknown_package_is_refused(packaged: Bench, refusal: Callable[..., Any]) -> None:
    """Creating or changing it is a conflict that names the package."""
    unknown = [reference("my.tool", "3")]
    code = "InvalidApplicationPackageReferences"
    error = refusal(lambda: packaged.pool(application_package_references=unknown), status=409, code=code)
    assert "--application my.tool:3=FOLDER" in error.error.message
    packaged.pool()
    change = models.BatchPoolUpdateOptions(application_package_references=unknown)
    refusal(lambda: packaged.client.update_pool("pool", change), status=409, code=code)


def test_task_with_an_unknown_package_fails(packaged: Bench) -> None:
    """The task is accepted, and fails before its command starts."""
    packaged.pool()
    packaged.job()
    execution = packaged.run("/bin/true", application_package_references=[reference("none")]).execution_info
    assert (execution.exit_code, execution.failure_info.code) == (None, "ApplicationPackageError")
    assert execution.failure_info.category == "usererror"
    assert packaged.nodes()[0].state == "idle"


def test_applications_are_listed_with_their_versions(
    bench_of: Callable[..., Bench], refusal: Callable[..., Any], tmp_path: Path
) -> None:
    """One entry per application that the emulator was given; others are not found."""
    known = {("tools", "1.0"): tmp_path, ("tools", "2.0"): tmp_path, ("models", "3"): tmp_path}
    client = bench_of(applications=known).client
    found = {application.id: application.versions for application in client.list_applications(max_results=1)}
    assert found == {"models": ["3"], "tools": ["1.0", "2.0"]}
    assert client.get_application("Tools").versions == ["1.0", "2.0"]
    refusal(lambda: client.get_application("none"), status=404, code="ApplicationNotFound")
