"""What is not built is refused by name when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Bench

CONTAINER = {"containerUrl": "http://x/c", "identityReference": {"resourceId": "i"}}
OUTPUT = {
    "filePattern": "x",
    "destination": {"container": CONTAINER},
    "uploadOptions": {"uploadCondition": "tasksuccess"},
}


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"multi_instance_settings": {"coordinationCommandLine": "x"}}, "multiInstanceSettings"),
        ({"application_package_references": [{"applicationId": "a"}]}, "applicationPackageReferences"),
        ({"resource_files": [{"autoStorageContainerName": "c"}]}, "autoStorageContainerName"),
        ({"output_files": [OUTPUT]}, "identityReference"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_task_parts(ready: Bench, refusal: Callable[..., Any], options: dict[str, Any], name: str) -> None:
    """A task that needs an unbuilt part is a 501 with the part's name."""
    error = refusal(lambda: ready.task(**options), status=501, code="NotImplemented")
    assert name in error.error.message


def test_mounts(bench: Bench, refusal: Callable[..., Any]) -> None:
    """A pool with mounts is refused rather than left without them."""
    mounts = [{"nfsMountConfiguration": {"source": "s", "relativeMountPath": "p"}}]
    error = refusal(lambda: bench.pool(mount_configuration=mounts), status=501, code="NotImplemented")
    assert "mountConfiguration" in error.error.message


@pytest.mark.parametrize(
    "file",
    [{}, {"httpUrl": "http://x/a", "storageContainerUrl": "http://x/b"}, {"httpUrl": "http://x/a"}],
    ids=["no-source", "two-sources", "no-path"],
)
def test_resource_file_needs_one_source(
    ready: Bench, refusal: Callable[..., Any], file: dict[str, str]
) -> None:
    """A resource file names one place to come from, and a single blob its place to go to."""
    refusal(lambda: ready.task(resource_files=[file]), status=400, code="InvalidPropertyValue")
