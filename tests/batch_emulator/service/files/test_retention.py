"""What happens to a task's files after their retention time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.batch_emulator.bench import Bench


def test_files_of_a_task_tried_again_are_its_new_ones(ready: Bench, refusal: Callable[..., Any]) -> None:
    """A task that runs again after its files expired has files again, for a full retention time."""
    keep = ready.models.BatchTaskConstraints(retention_time=timedelta(hours=1))
    ready.run(ready.sh("echo out; exit 3"), constraints=keep)
    for _ in range(2):
        ready.advance(minutes=59)
        assert ready.output() == "out\n"
        ready.advance(minutes=1)
        refusal(ready.files, status=409, code="TaskFilesCleanedup")
        ready.client.reactivate_task("job", "task")
        ready.ended()
        assert ready.output() == "out\n"
