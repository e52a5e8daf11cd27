"""Folders of attempts that begin in the same moment."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

from azure_batch_emulator.confined.folder import Area
from azure_batch_emulator.runner.folders import delete, lay_out, put_away
from azure_batch_emulator.runner.interface import AttemptSpec, Link

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

THREADS = 16
JOBS = 25


def test_attempts_make_the_folders_of_their_job_and_node_side_by_side(tmp_path: Path) -> None:
    """The first tasks of a job, begun at once on a node, make its folders and links together: none fails."""
    package = tmp_path / "package"
    package.mkdir()
    begin = Barrier(THREADS)

    def attempt(job: int, number: int) -> Path:
        node = tmp_path / "nodes" / f"node{job}"
        spec = AttemptSpec(
            attempt_id=number,
            command_line="/bin/true",
            root=tmp_path,
            directory=node / "workitems" / "job" / "job-1" / f"task{number}",
            environment={},
            node_directories=(node / "shared", node / "workitems"),
            links=(Link(node / "applications" / "app" / "1", package),),
        )
        begin.wait()
        lay_out(spec)
        return spec.directory

    with ThreadPoolExecutor(THREADS) as threads:
        for job in range(JOBS):
            made = list(threads.map(attempt, [job] * THREADS, range(THREADS)))
            names = {path.name for folder in made for path in folder.iterdir()}
            assert names == {"stdout.txt", "stderr.txt", "wd"}
            (link,) = (tmp_path / "nodes" / f"node{job}" / "applications" / "app").iterdir()
            assert link.resolve() == package


def test_a_folder_that_its_node_took_along_is_deleted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A job and its pool are deleted in one moment: whoever comes second has nothing to complain of."""
    node = tmp_path / "node"
    (node / "job" / "task").mkdir(parents=True)
    hidden = put_away(Area(tmp_path, node / "job"))
    assert hidden is not None
    shutil.rmtree(node)
    delete(hidden)
    assert caplog.messages == []
