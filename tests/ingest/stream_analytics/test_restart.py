"""A job that is killed with ``kill -9``, on Azurite: no window is lost, some may be written twice."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.stream_analytics.ticks import text_of
from tests.support.stream_jobs import ticks
from tests.support.waiting import until

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

ROOT = Path(__file__).parents[3]
SECOND = 10_000_000
DEVICES = 4
MINUTES = 60


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """Write an hour of events."""
    file = tmp_path / "events.jsonl"
    start = ticks("2018-08-29T02:00:00Z")
    lines = []
    for number in range(MINUTES * 60 // 2 * DEVICES):
        time = text_of(start + (number // DEVICES) * 2 * SECOND + SECOND)
        body = {"TS": time, "Device": str(number % DEVICES), "Tag": "4", "Value": number}
        lines.append(json.dumps({"partition": "0", "sequence": number, "enqueued": time, "body": body}))
    file.write_text("\n".join(lines))
    return file


def start_job(events: Path, folder: Path, data: ContainerClient) -> subprocess.Popen[str]:
    """Start ``python -m ingest stream``."""
    url = data.url
    command = [sys.executable, "-m", "ingest", "stream", "--events", str(events)]
    environ = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}",
        "INGEST_DATA_URL": url,
        "INGEST_MODELS_URL": url,
    }
    return subprocess.Popen(
        [*command, "--state", str(folder / "state")], cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.soak
def test_a_killed_job_loses_no_window(events, tmp_path, data) -> None:
    """Killed twice while it writes, it goes on from its state: every window is there, with one value."""
    data.upload_blob("packs.csv", b"device,tag,pack,sensor\n")
    for blobs in (1, 6):
        job = start_job(events, tmp_path, data)
        until(lambda: len(written(data)) > blobs or job.poll() is not None)  # noqa: B023 - waited for at once
        job.kill()
        job.communicate()
    last = start_job(events, tmp_path, data)
    facts = json.loads(last.communicate()[0])
    rows = Counter(row for name in written(data) for row in readings(data, name))
    # The last window of each device is still open, and its events wait in the state.
    expected = {(device, minute) for device in range(DEVICES) for minute in range(MINUTES - 1)}
    assert {(int(device), int(time[14:16])) for time, device, _ in rows} == expected
    assert len(rows) == len(expected), "a window has two different values"
    assert rows.total() - len(rows) <= facts["rows_perhaps_again"]
    assert facts["read"] == MINUTES * 60 // 2 * DEVICES
    assert facts["unaccounted"] == 0


def written(data: ContainerClient) -> list[str]:
    """List the files of readings."""
    return [*data.list_blob_names(name_starts_with="readings/")]


def readings(data: ContainerClient, name: str) -> list[tuple[str, str, str]]:
    """Read time, device and value of the readings in a file."""
    text = data.download_blob(name).readall().decode()
    return [
        (row["TS"], row["Device"], row["Value"]) for row in csv.DictReader(io.StringIO(text)) if row["Value"]
    ]
