"""What the manual, the README and the study say about the lab is true."""

from __future__ import annotations

import re
import shlex

import pytest

from azure_batch_lab.__main__ import parser
from azure_batch_lab.commands import days
from azure_batch_lab.manual import MANUAL, renewed
from azure_batch_lab.search.grid import grid, parse_variation
from azure_batch_lab.study import END, FLEETS, PAGE, ROOT, START, typed, warmth_table

README = ROOT.parent / "README.md"
PROGRAM = "python -m azure_batch_lab "


def commands() -> list[str]:
    """List the commands of all three pages, each on one line."""
    text = README.read_text() + PAGE.read_text() + MANUAL.read_text()
    text = re.sub(r" \\\n +", " ", text)
    typed_lines = re.findall(
        rf"^    {PROGRAM}((?:check|eval|simulate|search) -*[^|\n]*)$", text, re.MULTILINE
    )
    return list(dict.fromkeys(typed_lines))


def test_the_table_of_warnings_is_current() -> None:
    """It lists what the reviewer can say."""
    assert renewed(MANUAL.read_text()) == MANUAL.read_text()


@pytest.mark.parametrize("command", commands())
def test_every_command_on_the_pages_can_be_typed(command) -> None:
    """Its options exist and fit together."""
    options = parser().parse_args(shlex.split(command))
    if "tasks" in options:
        assert days.workload(options).tasks
        assert days.prices(options, slots=days.cluster(options).slots)
    if "vary" in options:
        assert grid(options.policy, dict(map(parse_variation, options.vary)), days.cluster(options))


def test_the_pages_have_commands() -> None:
    """Otherwise the test above would check nothing."""
    assert {command.split()[0] for command in commands()} == {"check", "eval", "simulate", "search"}


@pytest.mark.parametrize("fleet", FLEETS, ids=lambda fleet: fleet.name)
def test_the_study_is_that_of_the_program(fleet) -> None:
    """Each fleet has its command and its chart there."""
    text = PAGE.read_text()
    study = text[text.index(START) : text.index(END)]
    assert typed(fleet.command) in study
    assert f"images/lab-{fleet.name}.svg" in study
    assert (ROOT / "images" / f"lab-{fleet.name}.svg").exists()


def test_the_figures_of_the_smallest_fleet_come_out_as_printed() -> None:
    """Simulated again, they are equal to the last digit."""
    assert warmth_table(FLEETS[0]) in PAGE.read_text()
