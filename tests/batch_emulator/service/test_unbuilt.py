"""What is not built is refused by name when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Bench


def test_task_with_an_authentication_token(ready: Bench, refusal: Callable[..., Any]) -> None:
    """A task that needs an unbuilt part is a 501 with the part's name."""
    wanted = ready.order()
    wanted["authenticationTokenSettings"] = {"access": ["job"]}
    error = refusal(lambda: ready.client.create_task("job", wanted), status=501, code="NotImplemented")
    assert "authenticationTokenSettings" in error.error.message


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
