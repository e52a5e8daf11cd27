"""Hostile contents of task folders: every request about them is answered, never with a 500."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import shlex
import sys
import urllib.request
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.batch_emulator.bench import Bench

ODD_THINGS = """
import os, socket
os.mkfifo("pipe")
socket.socket(socket.AF_UNIX).bind("socket")
os.symlink("loop-b", "loop-a"); os.symlink("loop-a", "loop-b"); os.symlink(".", "circle")
os.symlink("/dev/zero", "zero"); os.symlink("pipe", "to-pipe"); os.symlink("/etc/passwd", "out")
os.symlink("../../../../../../../../etc/passwd", "far"); os.symlink("nothing", "dangling")
os.symlink("plain", "inside"); os.symlink(os.path.abspath("plain"), "inside-absolute")
open("plain", "w").write("plain")
"""
NO_FILES = ["pipe", "socket", "loop-a", "zero", "to-pipe", "out", "far", "dangling", "out/x", "plain/x"]


def python(script: str) -> str:
    """Write a command line that runs Python in the working directory."""
    return f"{sys.executable} -c {shlex.quote(script)}"


def wd(bench: Bench) -> Path:
    """Tell the working directory of the task."""
    (node,) = bench.nodes()
    return bench.emulator.settings.data / f"nodes/pool/{node.id}/workitems/job/job-1/task/wd"


def left(bench: Bench, script: str) -> Path:
    """Run a task that leaves something in its working directory; return where."""
    task = bench.run(python(script))
    assert task.execution_info.exit_code == 0, bench.output(file="stderr.txt")
    return wd(bench)


def missing(action: Callable[[], Any]) -> None:
    """Expect a 404 that names the file."""
    with pytest.raises(ResourceNotFoundError) as caught:
        action()
    finish(caught.value)


def finish(problem: HttpResponseError) -> None:
    """Read and close the response of a download, which the SDK leaves to us."""
    answer: Any = problem.response
    answer.read()
    answer.close()


def names(bench: Bench) -> set[str]:
    """List what is in the working directory."""
    return {found.name.removeprefix("wd/") for found in bench.files() if found.name.startswith("wd/")}


@pytest.mark.parametrize("name", NO_FILES)
def test_only_regular_files_inside_are_read(ready: Bench, name: str) -> None:
    """GET and HEAD refuse pipes, sockets, devices, loops and links that lead outside, and both return."""
    left(ready, ODD_THINGS)
    client = ready.client
    missing(lambda: b"".join(client.download_task_file("job", "task", f"wd/{name}")))
    missing(lambda: client.get_task_file_properties("job", "task", f"wd/{name}"))


def test_only_files_and_folders_inside_are_listed(ready: Bench) -> None:
    """Unreadable entries are not listed; links that stay inside stand for their targets."""
    left(ready, ODD_THINGS)
    assert names(ready) == {"plain", "inside", "inside-absolute", "circle"}
    for name in ("inside", "inside-absolute", "circle/inside", "circle/circle/plain"):
        assert ready.output(file="wd/plain") == "plain"
        assert b"".join(ready.client.download_task_file("job", "task", f"wd/{name}")) == b"plain"


def test_a_pipe_is_not_touched(ready: Bench) -> None:
    """Whoever waits at its other end keeps waiting, and the emulator serves others."""
    ready.task(ready.sh("mkfifo pipe; echo up; echo x > pipe; echo gone on"))
    ready.running()
    missing(lambda: b"".join(ready.client.download_task_file("job", "task", "wd/pipe")))
    assert ready.output() == "up\n"
    assert ready.in_state("running")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("n" * 255, id="longest"),
        pytest.param("line\nbreak\r", id="line-break"),
        pytest.param("\u202egnp.exe", id="turned-around"),
        pytest.param("data:text/html\r\nX-Bad: 1,", id="looks-like-a-type"),
        pytest.param("per%20cent?#&=+", id="url-signs"),
        pytest.param("back\\slash", id="backslash"),
        pytest.param(" ", id="blank"),
    ],
)
def test_odd_names_are_listed_and_read(ready: Bench, name: str) -> None:
    """Any name is listed as it is, and found by it."""
    script = f"import os; n = {name!r}; os.makedirs(os.path.dirname(n) or '.', exist_ok=True)"
    left(ready, f"{script}; open(n, 'w').write('content')")
    assert name in names(ready)
    assert b"".join(ready.client.download_task_file("job", "task", f"wd/{name}")) == b"content"
    assert ready.client.get_task_file_properties("job", "task", f"wd/{name}").content_length == 7
    ready.client.delete_task_file("job", "task", f"wd/{name}")
    assert name not in names(ready)


@pytest.mark.parametrize("name", ["n" * 256, "n" * 5000, "nul\0", "a/" * 3000 + "b", "\ud7ff/./../x"])
def test_impossible_names_are_not_found(ready: Bench, name: str) -> None:
    """No operation finds a name that is too long or contains NUL."""
    left(ready, "")
    client = ready.client
    missing(lambda: b"".join(client.download_task_file("job", "task", f"wd/{name}")))
    missing(lambda: client.get_task_file_properties("job", "task", f"wd/{name}"))
    missing(lambda: client.delete_task_file("job", "task", f"wd/{name}", recursive=True))


def test_names_that_are_no_utf8_are_shown_escaped(ready: Bench) -> None:
    """The listing shows their bytes, and the URL in it is exact."""
    left(ready, r"open(b'caf\xe9', 'w').write('content')")
    (found,) = [found for found in ready.files() if found.name.startswith("wd/")]
    assert found.name == "wd/caf\\xe9"
    assert found.url.endswith("/files/wd/caf%E9")
    request = signed(ready, found.url.removeprefix(ready.emulator.endpoint))
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  loopback
        assert answer.read() == b"content"


def signed(bench: Bench, path: str) -> urllib.request.Request:
    """Write a signed GET with a path exactly as given."""
    emulator = bench.emulator
    date = bench.emulator.call(lambda engine: formatdate(engine.core.now.timestamp(), usegmt=True))
    text = "\n".join(["GET", *[""] * 11, f"ocp-date:{date}", f"/{emulator.account}{path}\napi-version:1"])
    digest = hmac.new(base64.b64decode(emulator.key), text.encode(), hashlib.sha256).digest()
    headers = {
        "ocp-date": date,
        "Authorization": f"SharedKey {emulator.account}:{base64.b64encode(digest).decode()}",
    }
    return urllib.request.Request(f"{emulator.endpoint}{path}?api-version=1", headers=headers)  # noqa: S310  loopback


@pytest.mark.parametrize("seconds", [10**15, -(10**11), 0])
def test_any_time_of_change_is_told(ready: Bench, seconds: int) -> None:
    """A time beyond the calendar is shown as its first or last moment."""
    folder = left(
        ready, f"open('f', 'w'); import os\ntry: os.utime('f', ({seconds},) * 2)\nexcept OSError: 0"
    )
    assert (folder / "f").exists()
    assert "f" in names(ready)
    assert ready.client.get_task_file_properties("job", "task", "wd/f").last_modified.year >= 1


@pytest.mark.parametrize("wanted", ["bytes=" + "9" * 5000 + "-", "bytes=0-" + "9" * 5000, "bytes=-5", "x"])
def test_ranges_that_make_no_sense_are_refused(ready: Bench, wanted: str) -> None:
    """A range of thousands of digits gives 400, like any other that cannot be parsed."""
    left(ready, "print('0123456789')")
    with pytest.raises(HttpResponseError) as caught:
        b"".join(ready.client.download_task_file("job", "task", "stdout.txt", ocp_range=wanted))
    finish(caught.value)
    assert caught.value.status_code == 400


def test_deep_folders_are_listed_read_and_removed(ready: Bench) -> None:
    """A thousand nested folders are listed, read from and deleted like one."""
    left(ready, "import os\nfor _ in range(1000): os.mkdir('d'); os.chdir('d')\nopen('f', 'w').write('x')")
    folder = wd(ready)
    deep = "wd" + "/d" * 1000
    found = [entry.name for entry in ready.files() if entry.name.startswith(deep)]
    assert found == [deep, f"{deep}/f"]
    assert b"".join(ready.client.download_task_file("job", "task", f"{deep}/f")) == b"x"
    ready.client.delete_task_file("job", "task", "wd/d", recursive=True)
    assert list(folder.iterdir()) == []


def test_what_a_task_has_forbidden_is_removed_all_the_same(ready: Bench) -> None:
    """Even folders without any permission go with their task."""
    left(
        ready,
        "import os\nos.makedirs('a/b/c'); open('a/b/f', 'w')\nfor n in ('a/b/c', 'a/b', 'a'): os.chmod(n, 0)",
    )
    folder = wd(ready).parent
    ready.client.delete_task("job", "task")
    ready.until(lambda: not folder.exists() and not list(folder.parent.glob(".removed-*")))


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("import os, shutil; shutil.rmtree(os.environ['AZ_BATCH_TASK_DIR'])", id="no-folder"),
        pytest.param("import os; d = os.environ['AZ_BATCH_TASK_DIR']; os.rename(d, d + '-2')", id="renamed"),
        pytest.param(
            "import os; os.rmdir(os.getcwd()); open(os.environ['AZ_BATCH_TASK_DIR'] + '/wd', 'w')", id="file"
        ),
    ],
)
def test_tasks_without_their_folder_are_like_any_other(ready: Bench, script: str) -> None:
    """A task that removes, renames or replaces its folder ends, and can be listed and deleted."""
    task = ready.run(python(script))
    assert task.state == "completed"
    list(ready.client.list_task_files("job", "task", recursive=True))
    missing(lambda: b"".join(ready.client.download_task_file("job", "task", "wd/x")))
    ready.client.delete_task("job", "task")


def test_pages_go_on_where_the_last_one_ended(ready: Bench) -> None:
    """Files that come and go between pages cause neither repetition nor omission."""
    folder = left(ready, "for n in range(10): open(f'{n}', 'w')")
    listed = ready.client.list_task_files(
        "job", "task", filter="startswith(name, 'wd/')", recursive=True, max_results=4
    )
    pages = listed.by_page()
    first = [found.name for found in next(pages)]
    for gone in (0, 2, 4):
        (folder / str(gone)).unlink()
    (folder / "00").touch()
    rest = [found.name for page in pages for found in page]
    assert first == ["wd/0", "wd/1", "wd/2", "wd/3"]
    assert rest == ["wd/5", "wd/6", "wd/7", "wd/8", "wd/9"]


def test_a_page_of_many_files_looks_at_its_own_only(ready: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last page of a large folder costs as little as the first."""
    folder = left(ready, "")
    for number in range(5000):
        (folder / f"{number:05}").touch()
    looks: list[Any] = []
    look = os.stat

    def counted(*given: Any, **named: Any) -> os.stat_result:
        looks.append(given)
        return look(*given, **named)

    monkeypatch.setattr(os, "stat", counted)
    listed = ready.client.list_task_files(
        "job", "task", recursive=True, filter="startswith(name,'wd/0')"
    ).by_page()
    sizes, costs = [], []
    for page in listed:
        sizes.append(len(list(page)))
        costs.append(sum(isinstance(given[0], str) and given[0].isdigit() for given in looks))
        looks.clear()
    assert sizes == [1000] * 5
    assert max(costs) <= 1002


def test_a_file_that_grows_or_shrinks_meanwhile_is_sent_as_measured(ready: Bench) -> None:
    """A download has the length of its headers; a truncated part comes as zeros."""
    folder = left(ready, "open('f', 'wb').write(b'x' * 3_000_000)")
    for size in (5_000_000, 1_000_000):
        pieces = ready.client.download_task_file("job", "task", "wd/f")
        first = next(pieces)
        with (folder / "f").open("r+b") as file:
            file.truncate(size)
        content = first + b"".join(pieces)
        assert len(content) in {3_000_000, 5_000_000}
        assert content.startswith(b"x" * 65536)
