"""Results of an hour: no failure loses earlier ones."""

from __future__ import annotations

import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from local_stack.results import replaced
from local_stack.services.processes import StackError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """Limit the size of files, so that writing fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def write(folder: Path, text: str, *, world: str) -> None:
    """Write the results of one file of readings."""
    with replaced(folder, world=world) as draft:
        (draft / "summary.json").write_text(text)


def test_results_of_the_same_readings_are_replaced(tmp_path: Path) -> None:
    """Only the newest results are left."""
    for text in ("first", "second"):
        write(tmp_path / "hour", text, world="abc")
    assert [path.name for path in tmp_path.iterdir()] == ["hour"]
    assert (tmp_path / "hour" / "summary.json").read_text() == "second"


def test_results_of_other_readings_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are renamed, each time, and a line says to what."""
    for text, world in (("first", "abc"), ("second", "def"), ("third", "abc"), ("fourth", "def")):
        write(tmp_path / "hour", text, world=world)
    texts = {path.parent.name: path.read_text() for path in tmp_path.glob("*/summary.json")}
    assert texts == {"hour": "fourth", "hour-abc": "first", "hour-def": "second", "hour-abc-2": "third"}
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"earlier results of other readings for this hour are now in {tmp_path / 'hour-abc'}/"
    assert len(said) == 3


def test_results_of_an_unknown_file_count_as_others(tmp_path: Path) -> None:
    """Results without a marker file may be valuable, so they are kept."""
    (tmp_path / "hour").mkdir()
    (tmp_path / "hour" / "summary.json").write_text("old")
    write(tmp_path / "hour", "new", world="abc")
    assert (tmp_path / "hour-earlier" / "summary.json").read_text() == "old"


def test_a_full_disk_costs_no_earlier_results(tmp_path: Path) -> None:
    """They stay as they were, no partial results are left, and one sentence says why."""
    write(tmp_path / "hour", "first", world="abc")
    with (
        disk_of(100_000),
        pytest.raises(StackError, match=r"cannot write the results to .*hour: .*; earlier results"),
    ):
        write(tmp_path / "hour", "x" * 200_000, world="abc")
    assert (tmp_path / "hour" / "summary.json").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["hour"]
