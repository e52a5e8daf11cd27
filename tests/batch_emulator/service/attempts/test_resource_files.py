"""Invalid resource files are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.batch_emulator.bench import Bench


@pytest.mark.parametrize(
    "file",
    [{}, {"httpUrl": "http://x/a", "storageContainerUrl": "http://x/b"}, {"httpUrl": "http://x/a"}],
    ids=["no-source", "two-sources", "no-path"],
)
def test_resource_file_needs_one_source(
    ready: Bench, refusal: Callable[..., Any], file: dict[str, str]
) -> None:
    """A resource file has exactly one source, and a single blob also a target path."""
    refusal(lambda: ready.task(resource_files=[file]), status=400, code="InvalidPropertyValue")
