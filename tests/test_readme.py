"""What the documentation says is true: commands run, tables are current, links resolve."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import stat
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.typed import ROOT, typed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("batch_emulator/**/*.md")),
    *sorted(ROOT.glob("event_hubs_emulator/**/*.md")),
]
RUN_ELSEWHERE = {
    "make setup": "every other target does it",
    "make lint": "CI runs it before the tests",
    "make test": "this is it",
    "python3 -m local_stack.env_file": "tests/compose",
    "make plan GROUP=scoring SIZE=15": "tests/infra, with a stand-in for az",
    "make deploy GROUP=scoring SIZE=15": "likewise",
    "make destroy GROUP=scoring": "likewise",
    "docker compose up --build --detach": "needs an engine; the file is checked in tests/compose",
}


def console_commands() -> list[str]:
    """Return the commands that the documentation shows, each once."""
    texts = (page.read_text() for page in PAGES)
    blocks = (block for text in texts for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL))
    return list(dict.fromkeys(line for block in blocks for line in block.splitlines()))


def told_to_type(beginning: str) -> str:
    """Return the documented command with this beginning."""
    (command,) = [command for command in console_commands() if command.startswith(beginning)]
    return command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write the file of the documentation's examples."""
    return with_example(tmp_path)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write that file where one command after the other is typed."""
    return with_example(tmp_path_factory.mktemp("checkout"))


def with_example(folder: Path) -> Path:
    """Write a file of readings of two sensors in two hours; return the folder."""
    rows = ["TS,Device,Tag,Value"]
    rows += [
        f"2018-08-29 {hour:02}:{minute:02}:00.000,1,{tag},{20 + (minute * 7) % 10 / 10 + tag}"
        for hour in (1, 2)
        for minute in range(60)
        for tag in (1, 2)
    ]
    (folder / "readings.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture
def nothing_left_up(folder: Path) -> Iterator[None]:
    """Stop a stack that a failed test left running."""
    yield
    typed("make down", folder)


@pytest.mark.parametrize(
    "command",
    [
        # The events of a whole day; of a small fleet, every change sees them.
        pytest.param(command, marks=[pytest.mark.soak] if command == "make run INGEST=1" else [])
        for command in console_commands()
        if command.startswith("make run")
    ],
)
def test_a_documented_run_works(command: str, checkout: Path) -> None:
    """It scores its hour and prints where the results are."""
    done = typed(command, checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    results = re.search(r"summary\.json: (\S+)/", done.stdout)
    assert results is not None, done.stdout
    summary = json.loads((Path(results[1]) / "summary.json").read_text())
    assert summary["counts"]["scored"] == len(list((Path(results[1]) / "predictions").glob("*.csv"))) > 0
    assert "failed" not in done.stdout
    if "INGEST" in command:
        assert re.search(r"^[\d,]+ events were sent, .* 0 are unaccounted for$", done.stdout, re.MULTILINE)
        found = re.search(r"simulated anomalies found: (\d+) of (\d+)", done.stdout)
        assert found is not None
        assert int(found[1]) > 0.75 * int(found[2]), "an average dilutes a spike, and no more"


@pytest.mark.usefixtures("nothing_left_up")
@pytest.mark.timeout(3600)
@pytest.mark.nightly
def test_the_stack_can_be_left_running_used_and_stopped(folder: Path) -> None:
    """It prints address and login of the web UI, loads own readings, and stops completely."""
    up = typed("make up", folder)
    assert up.returncode == 0, up.stdout + up.stderr
    assert re.search(r"http://127\.0\.0\.1:\d+ +user admin +password \S+", up.stdout)
    written = [folder / "data" / name for name in ("up.json", "up.log", "up.family.json")]
    assert [stat.S_IMODE(file.stat().st_mode) for file in written] == [0o600] * 3
    pid = json.loads(written[0].read_text())["pid"]
    use(folder)
    down = typed("make down", folder)
    assert "The stack is stopped." in down.stdout
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert "No stack is up." in typed("make down", folder).stdout


def use(folder: Path) -> None:
    """Run the documented commands on a running stack; each prints the next one to type."""
    load = typed(told_to_type("make load"), folder)
    assert "Next: make train HOUR=2018-08-29T02" in load.stdout, load.stdout + load.stderr
    train = typed(told_to_type("make train"), folder)
    assert "with hour = 2018-08-29T02" in train.stdout, train.stdout + train.stderr
    doctor = typed(told_to_type("make doctor"), folder)
    assert "Nothing is missing" in doctor.stdout, doctor.stdout + doctor.stderr
    missing = typed(told_to_type("make missing"), folder)
    assert re.search(r"make airflow DO=.*2018-08-29T0", missing.stdout), missing.stdout + missing.stderr
    listed = typed(told_to_type("make airflow"), folder)
    assert "hourly_scoring" in listed.stdout, listed.stdout + listed.stderr
    assert "[warning" not in listed.stdout


def test_every_other_documented_command_is_accounted_for() -> None:
    """A command that no test runs is listed here with the reason."""
    used = {told_to_type(f"make {word}") for word in ("load", "train", "doctor", "missing", "airflow")}
    run_here = {"make run", "make up", "make down", *used}
    others = {command for command in console_commands() if not command.startswith("make run ")}
    assert others - run_here == set(RUN_ELSEWHERE)


def test_help_lists_every_target(folder: Path) -> None:
    """A target that help omits is one nobody finds."""
    listed = typed("make help", folder).stdout
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets is not None
    assert all(f"make {target}" in listed for target in targets[1].split())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_their_headings(page: Path) -> None:
    """A relative link leads to a file of the repository, and after ``#`` to an anchor in it."""
    for target, anchor in re.findall(r"\]\((?!http)([^)#]*)(?:#([^)]*))?\)", page.read_text()):
        linked = page.parent / target if target else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors_of(linked), f"{target}#{anchor}"


def test_pages_name_tests_that_exist() -> None:
    """What a page calls shown is shown by a test of that name, in the file that it leads to."""
    named = [
        (page.parent / file, name)
        for page in PAGES
        for name, file in re.findall(r"\[`(test_\w+)`\]\(([^)]+\.py)\)", page.read_text())
    ]
    assert len(named) > 100
    texts = {file: file.read_text() for file, _ in named}
    assert [name for file, name in named if f"def {name}(" not in texts[file]] == []


def test_the_map_of_the_code_names_files_that_exist() -> None:
    """People who want to change something are sent to the right place."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()}
    named = {path for path in re.findall(r"`([\w./-]+)`", text) if path.partition("/")[0] in folders}
    assert len(named) > 20
    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_the_site_has_every_page() -> None:
    """The site's navigation has exactly the pages of the documentation."""
    text = (ROOT / "docs" / "zensical.toml").read_text()
    listed = set(re.findall(r'"([\w./-]+\.md)"', text)) - {"api.md"}
    pages = {page.relative_to(ROOT).as_posix() for page in PAGES}
    records = {page for page in pages if re.match(r"docs/decisions/\d", page)}
    assert listed == pages - records


def anchors_of(page: Path) -> set[str]:
    """Return a page's anchors: those that GitHub derives from headings, and explicit ones."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)"', text))


def test_the_readme_is_read_in_three_minutes() -> None:
    """It has at most 600 words, not counting tables and output."""
    text = re.sub(
        r"^```.*?^```|<!--.*?-->", "", (ROOT / "README.md").read_text(), flags=re.DOTALL | re.MULTILINE
    )
    prose = (line for line in text.splitlines() if not line.startswith("|"))
    assert len(" ".join(prose).split()) <= 600


@pytest.mark.parametrize(
    "folder",
    [ROOT, ROOT / "batch_emulator", ROOT / "event_hubs_emulator"],
    ids=["product", "batch-emulator", "event-hubs-emulator"],
)
def test_the_changelog_describes_the_version(folder: Path) -> None:
    """Its newest release is the package's version."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    releases = re.findall(
        r"^## \[(\d\S+)\] - \d{4}-\d\d-\d\d$", (folder / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert releases[0] == project["version"]


def generator() -> ModuleType:
    """Load the script that writes generated parts."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its dataclasses look their module up by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_current() -> None:
    """Whatever mirrors code was generated from the current code."""
    generate = generator()
    for page in generate.PAGES:
        assert generate.generated(page) == page.read_text(), f"run {generate.__file__}"
    for file, made in generate.FILES.items():
        assert made() == file.read_text(), f"run {generate.__file__}"


def test_every_behaviour_has_a_test_that_makes_it_happen() -> None:
    """Every row of the table has a test, and every test names an existing row."""
    rows = set(tomllib.loads((ROOT / "docs" / "behaviours.toml").read_text()))
    named = {name for test in generator().page_parts.marked_tests() for name in test.behaviours}
    assert named == rows
