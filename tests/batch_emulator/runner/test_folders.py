"""Folders of attempts that begin in the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

from azure_batch_emulator.runner.folders import lay_out
from azure_batch_emulator.runner.interface import AttemptSpec, Link

if TYPE_CHECKING:
    from pathlib import Path

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
