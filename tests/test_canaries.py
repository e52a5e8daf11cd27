"""The search for secrets finds a planted one in whatever form it was left."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from scoring_contract.layout import Container
from tests.support.canaries import Canaries, in_blobs, in_files, watched_processes, without_grants
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from local_stack.services.azurite import BlobStorage

SECRET = base64.b64encode(b"planted?secret>of a test").decode()
CANARIES = Canaries({"key": SECRET})
SIGNED = "https://account.blob.core.windows.net/data?sv=1&sig=c2lnbmVkIGJ5IGFuIGlkZW50aXR5%3D"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(f"a log line with {SECRET} in it".encode(), id="plain"),
        pytest.param(f"?code={quote(SECRET, safe='')}".encode(), id="quoted"),
        pytest.param(json.dumps({"a": {"b": SECRET}}).encode(), id="json"),
        pytest.param(gzip.compress(SECRET.encode()), id="gzip"),
        pytest.param(zlib.compress(SECRET.encode()), id="zlib"),
    ],
)
def test_a_secret_is_found_in_any_form(data) -> None:
    """As it was, quoted, in JSON or compressed; nothing is found where there is none."""
    assert CANARIES.among([("here", data), ("there", b"nothing")]) == ["here: key"]


def test_any_signature_is_found() -> None:
    """Nobody has to know it beforehand; one that was left out of a text is none."""
    assert CANARIES.in_bytes(SIGNED.encode()) == {"a signature"}
    assert CANARIES.in_bytes(json.dumps({"url": SIGNED}).encode()) == {"a signature"}
    assert CANARIES.in_bytes(b"https://account/data?(signature left out) sig=***") == set()


def test_files_and_blobs_are_searched(azurite: BlobStorage, tmp_path: Path) -> None:
    """In folders of folders, and in metadata too."""
    (tmp_path / "logs" / "deep").mkdir(parents=True)
    (tmp_path / "logs" / "deep" / "a.log").write_text(f"{SECRET}\n")
    assert CANARIES.among(in_files(tmp_path / "logs")) == ["logs/deep/a.log: key"]
    with azurite.container(Container.LOGS) as logs:
        logs.upload_blob("canary/content", SECRET)
        logs.upload_blob("canary/metadata", b"", metadata={"key": SECRET})
        found = CANARIES.among(in_blobs(azurite, Container.LOGS))
        for name in ("content", "metadata"):
            logs.delete_blob(f"canary/{name}")
    assert found == ["logs/canary/content: key", "logs/canary/metadata: key"]


def test_command_lines_are_searched() -> None:
    """Of a process that has ended before the search too."""
    with watched_processes() as seen:
        words = [sys.executable, "-c", "input()", SECRET]
        with subprocess.Popen(words, stdin=subprocess.PIPE) as process:
            until(lambda: CANARIES.among(seen.items()) != [])
            process.communicate(b"\n")
    assert [line.rpartition(": ")[2] for line in CANARIES.among(seen.items())] == ["key"]


def test_only_where_a_signature_must_be_it_may_be() -> None:
    """A Batch task's environment and the URL its output goes to; not its command line."""
    task = {
        "id": "task",
        "commandLine": "true",
        "environmentSettings": [{"name": "SCORING_DATA_BLOBS", "value": SIGNED}],
        "outputFiles": [{"destination": {"container": {"containerUrl": SIGNED, "path": "logs"}}}],
    }
    assert CANARIES.in_bytes(json.dumps(without_grants(task)).encode()) == set()
    leaking = without_grants({**task, "commandLine": f"curl {SIGNED}"})
    assert CANARIES.in_bytes(json.dumps(leaking).encode()) == {"a signature"}
