"""The command line of ingest, as people run it."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING

import pytest
from azure.storage.blob import ContainerSasPermissions, generate_container_sas

from ingest.__main__ import _source_of, main
from ingest.containers import KEY_VARIABLE, MODELS_URL_VARIABLE, URL_VARIABLE
from scoring_contract.hour import RunHour
from scoring_contract.layout import REGISTRY_BLOB
from scoring_contract.messages.manifest import ModelRef
from scoring_contract.messages.registry import Registry, SensorEntry, TrainedModel

if TYPE_CHECKING:
    from pathlib import Path

    from azure.storage.blob import ContainerClient


HOUR = RunHour.parse("2018-08-29T02")


def signed(container: ContainerClient) -> str:
    """Return the container's URL with a short-lived signature."""
    signature = generate_container_sas(
        container.account_name,
        container.container_name,
        account_key=container.credential.account_key,
        permission=ContainerSasPermissions(read=True, write=True, list=True, delete=True),
        expiry=datetime.now(UTC) + timedelta(minutes=10),
    )
    return f"{container.url}?{signature}"


def test_a_file_is_loaded_from_the_command_line(data: ContainerClient, tmp_path: Path) -> None:
    """With a signature from the environment, the command loads a file and reports what it did."""
    path = tmp_path / "sensor data.csv"
    path.write_text("TS,Device,Tag,Value\n2018-08-29 02:00:00,1,4,84.5\nbroken\n")
    done = subprocess.run(
        [sys.executable, "-m", "ingest", "load", path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), URL_VARIABLE: signed(data)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "1 readings of 1 sensors, hours 2018-08-29T02 to 2018-08-29T02 (UTC), in 1 blobs; "
        "0 earlier blobs removed, 1 rows refused\n"
        "  1 row: it has 1 fields instead of 4; first in line 3: broken\n"
    )
    assert list(data.list_blob_names()) == ["readings/2018/08/29/02/1_4/sensor-data.csv"]


def test_a_load_that_is_killed_is_completed_by_the_same_command(
    data: ContainerClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed with SIGKILL while it writes, and started again: each reading is stored once, none is lost."""
    rows = [
        f"2018-08-29 {hour:02}:00:00,{device},4,{number}"
        for number, (device, hour) in enumerate(product(range(25), range(12)))
    ]
    path = tmp_path / "day.csv"
    path.write_text("\n".join(("TS,Device,Tag,Value", *rows, "")))
    environ = {URL_VARIABLE: signed(data)}
    process = subprocess.Popen(
        [sys.executable, "-m", "ingest", "load", path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environ},
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not any(data.list_blob_names()):
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL, "it was done before it could be killed"
    assert len(list(data.list_blob_names())) < len(rows)
    assert main(["load", str(path)], environ) == 0
    assert " of them unchanged" in capsys.readouterr().out
    texts = (data.download_blob(name).readall().decode() for name in data.list_blob_names())
    values = [int(line.split(",")[3]) for text in texts for line in text.splitlines()[1:]]
    assert sorted(values) == list(range(len(rows)))


def test_all_refused_rows_go_into_a_file(data: ContainerClient, tmp_path: Path) -> None:
    """Each has its file, line and reason, and several files are one load."""
    rejects = tmp_path / "rejects.csv"
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("when;d;temp\n2018-08-29 02:00:00;Ü 1;84,5\nbroken;1;2\n")
    pattern, columns = str(tmp_path / "[ab].csv"), "TS=when,Device=d,Value=temp"
    order = ["load", pattern, "--columns", columns, "--rejects", str(rejects)]
    assert main(order, {URL_VARIABLE: signed(data)}) == 0
    with rejects.open(newline="") as file:
        found = [(row["File"], row["Line"], row["Reason"]) for row in csv.DictReader(file)]
    assert [line for _, line, _ in found] == ["3", "3"]
    assert [name for name, _, _ in found] == [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]
    assert all(reason.startswith("TS is not a timestamp") for _, _, reason in found)
    assert [name.split("/")[5] for name in data.list_blob_names()] == ["~c3~9c~201_temp"]


def test_ids_of_a_list_of_devices_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The list has the form of packs.csv, so that a query can join it before there are models."""
    path = tmp_path / "devices.csv"
    path.write_text('Tag,Device\ntemp,"plant 1, left"\n4,1\n')
    assert main(["names", str(path)], {}) == 0
    assert capsys.readouterr().out == (
        'Device,Tag,Pack,Sensor\n"plant 1, left",temp,,plant~201~2c~20left_temp\n1,4,,1_4\n'
    )
    path.write_text("Device,Tag\n1,4\n1,\n")
    assert main(["names", str(path)], {}) == 1
    assert capsys.readouterr().err == f"{path}, line 3: Tag is empty\n"


def test_wrong_options_of_the_form_end_with_a_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """As any other mistake on the command line: code 2, and the sentence."""
    with pytest.raises(SystemExit) as ended:
        main(["load", "a.csv", "--epoch", "h"], {URL_VARIABLE: "https://a.blob.core.windows.net/data?sig=x"})
    assert ended.value.code == 2
    assert "--epoch: 'h' is none of s, ms, us, ns" in capsys.readouterr().err


def test_an_emulator_on_this_machine_takes_its_key(
    data: ContainerClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Plain HTTP needs an account key: Azurite's public one, or one from the environment."""
    path = tmp_path / "day.csv"
    path.write_text("TS,Device,Tag,Value\n2018-08-29 02:00:00,1,4,84.5\n")
    order = ["load", str(path), "--container-url", data.url]
    assert main(order, {}) == 0
    assert list(data.list_blob_names()) == ["readings/2018/08/29/02/1_4/day.csv"]
    capsys.readouterr()
    assert main(order, {KEY_VARIABLE: "bm90IHRoZSBrZXk="}) == 1, "the environment's key goes first"
    assert "AuthorizationFailure" in capsys.readouterr().err


def test_packs_are_those_of_the_registry(data: ContainerClient, tmp_path: Path) -> None:
    """With ``--packed``, the registry decides which sensors share files; without a registry, none do."""
    path = tmp_path / "day.csv"
    path.write_text("TS,Device,Tag,Value\n2018-08-29 02:00:00,1,4,84.5\n2018-08-29 02:00:00,1,5,1.5\n")
    environ = {URL_VARIABLE: signed(data), MODELS_URL_VARIABLE: signed(data)}
    assert main(["load", str(path), "--packed"], environ) == 0
    assert len(list(data.list_blob_names())) == 2
    data.upload_blob(REGISTRY_BLOB, Registry({"1_4": in_pack("1_4"), "1_5": in_pack("1_5")}).to_json())
    assert main(["load", str(path), "--packed"], environ) == 0
    assert "readings/2018/08/29/02/_packs/p0001/day.csv" in list(data.list_blob_names())
    data.upload_blob(REGISTRY_BLOB, "{}", overwrite=True)
    assert main(["load", str(path), "--packed"], environ) == 1


def in_pack(sensor: str) -> SensorEntry:
    """Return a sensor of the pack ``p0001``."""
    model = TrainedModel(ModelRef("v1", "m.json", "00", "ocsvm-json/2"), HOUR.previous, HOUR, 30, {})
    device, _, tag = sensor.partition("_")
    return SensorEntry(device, tag, current="v1", versions={"v1": model}, pack="p0001")


def test_a_fleet_is_simulated_from_the_command_line(
    data: ContainerClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--until`` is the first hour without readings; labels are written too."""
    order = ["simulate", "--seed", "7", "--hours", "3", "--until", "2026-01-01T03", "--devices", "1"]
    assert main([*order, "--tags", "1"], {URL_VARIABLE: signed(data)}) == 0
    assert capsys.readouterr().out.startswith(
        "720 readings of 1 sensors, hours 2026-01-01T00 to 2026-01-01T02"
    )
    assert [name for name in data.list_blob_names() if name.startswith("labels/")] == [
        "labels/2026/01/01/00.csv",
        "labels/2026/01/01/01.csv",
        "labels/2026/01/01/02.csv",
    ]


def test_many_rejects_are_summed_up(
    data: ContainerClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each reason is printed once, with its count and first line."""
    path = tmp_path / "a.csv"
    path.write_text("TS,Device,Tag,Value\n2018-08-29 02:00:00,1,4,84.5\n" + "broken\n" * 12 + "x,1,4,2\n")
    assert main(["load", str(path)], {URL_VARIABLE: signed(data)}) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == [
        "  12 rows: it has 1 fields instead of 4; first in line 3: broken",
        "  1 row: TS is not a timestamp like 2018-08-28 23:00:05.000; first in line 15: x,1,4,2",
    ]


def test_what_cannot_be_loaded_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing file gives exit code 1 and a sentence, not a traceback."""
    url = "http://127.0.0.1:9/devstoreaccount1/data?sig=made-up"
    assert main(["load", str(tmp_path / "nowhere.csv")], {URL_VARIABLE: url}) == 1
    assert capsys.readouterr().err == (
        f"{tmp_path / 'nowhere.csv'} cannot be read: No such file or directory\n"
    )


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        pytest.param(
            ["load", "a.csv", "--container-url", "http://a.example/data"],
            "a.example is not this machine",
            id="a-key-in-the-clear",
        ),
        pytest.param(
            ["load", "a.csv", "--container-url", "http://127.0.0.1:9/another/data"],
            "set AZURE_STORAGE_KEY to the account's key",
            id="no-key",
        ),
        pytest.param(["load", "a.csv"], "neither --container-url nor INGEST_DATA_URL", id="no-address"),
        pytest.param(
            ["load", "a.csv", "--container-url", "https://a.example/data?sig=made-up"],
            "belongs in INGEST_DATA_URL",
            id="signature-in-argv",
        ),
        pytest.param(["load", "a.csv", "--container-url", "data"], "Invalid URL", id="no-url"),
        pytest.param(["simulate", "--until", "tomorrow"], "is not an hour of the form", id="no-hour"),
        pytest.param(["simulate", "--until", "2026-01-01T03", "--hours", "0"], "less than 1", id="no-hours"),
        pytest.param(["simulate"], "--until", id="no-until"),
        pytest.param([], "command", id="nothing"),
    ],
)
def test_a_wrong_command_line_is_refused(
    argv: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and a sentence that never repeats a signature."""
    with pytest.raises(SystemExit) as left:
        main(argv, {})
    message = capsys.readouterr().err
    assert left.value.code == 2
    assert sentence in message
    assert "made-up" not in message


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("sensor_data.csv", "sensor_data"),
        ("März 2018.csv", "M-rz-2018"),
        ("...", "readings"),
        ("-x.csv", "x"),
    ],
)
def test_a_source_is_named_after_its_file(tmp_path: Path, name: str, source: str) -> None:
    """Any file name becomes a valid blob name."""
    assert _source_of(tmp_path / name) == source
