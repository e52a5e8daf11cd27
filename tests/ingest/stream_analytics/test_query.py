"""The query and the job of the repository: what devices send becomes files that scoring reads."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from ingest.stream_analytics.assembly import planned
from ingest.stream_analytics.command import JOB, QUERY, run_command
from ingest.stream_analytics.definition.job import read_job
from ingest.stream_analytics.definition.serialization import Format, Serialization
from ingest.stream_analytics.ticks import text_of
from scorer.readings.files import read_file
from scoring_contract.hour import RunHour
from scoring_contract.layout import hour_of_readings, pack_of_readings, sensor_of_readings
from tests.support.sensor_name_cases import SensorName, sensor_names
from tests.support.stream_jobs import a_run, an_event

if TYPE_CHECKING:
    from pathlib import Path

NO_PACKS = "device,tag,pack,sensor\n"


def sent(*bodies: object, at: str = "2018-08-29T03:00:10Z") -> list[Any]:
    """Make events that arrive at one time."""
    return [an_event(body, enqueued=at, sequence=number) for number, body in enumerate(bodies)]


def reading(time: str, value: object = 10.0, device: object = "1", tag: object = "4") -> dict[str, object]:
    """Make the body of an event."""
    return {"TS": time, "Device": device, "Tag": tag, "Value": value}


def later(body: object) -> Any:
    """Make an event that arrives when it happened, after all others."""
    assert isinstance(body, dict)
    return an_event(body, enqueued=str(body["TS"]), sequence=99)


def run_query(tmp_path: Path, *batches: list[Any], packs: str = NO_PACKS) -> list[dict[str, Any]]:
    """Run the query of the repository, with its job."""
    run = a_run(QUERY.read_text(), JOB.read_text(), tmp_path, references={"packs": packs})
    for batch in batches:
        run.send(batch)
    run.runner._flush(at_once=True)
    return run.rows("readings")


def test_the_last_minute_of_an_hour_belongs_to_the_hour(tmp_path) -> None:
    """The window from 02:59 to 03:00 includes 03:00, and is written as 02:59 into the folder of hour 02."""
    rows = run_query(
        tmp_path,
        sent(
            reading("2018-08-29T02:59:00.0000001Z", 1),
            reading("2018-08-29T03:00:00Z", 3.5),
            reading("2018-08-29T03:00:00.0000001Z", 99),
            reading("2018-08-29T03:02:00Z", 7),
            at="2018-08-29T03:02:00Z",
        ),
    )
    assert [(text_of(row["TS"]), row["Value"], row["Folder"]) for row in rows] == [
        ("2018-08-29T02:59:00.0000000Z", 2.25, "2018/08/29/02/1_4"),
        ("2018-08-29T03:00:00.0000000Z", 99.0, "2018/08/29/03/1_4"),
    ]


def test_every_row_is_in_a_folder_that_scoring_reads(tmp_path) -> None:
    """The blob's name gives scoring the sensor or the pack, and the hour of the row."""
    (output,) = read_job(JOB.read_text()).outputs
    rows = run_query(
        tmp_path,
        sent(
            reading("2018-08-29T02:10:00Z"),
            reading("2018-08-29T02:10:01Z", tag="5"),
            at="2018-08-29T02:10:01Z",
        ),
        [later(reading("2018-08-29T02:12:00Z"))],
        packs=f"{NO_PACKS}1,5,p-7,1_5\n",
    )
    names = [f"{output.path.folder(int(str(row['__ts'])), row['Folder'])}/x.csv" for row in rows]
    assert [(sensor_of_readings(name), pack_of_readings(name)) for name in names] == [
        ("1_4", None),
        (None, "p-7"),
    ]
    assert {str(hour_of_readings(name)) for name in names} == {"2018-08-29T02"}
    assert output.container == "data"


@pytest.mark.parametrize("packed", ["1", "1.0"], ids=["as it is sent", "in another form"])
@pytest.mark.parametrize("device", ["1", 1], ids=["text", "number"])
def test_a_device_is_found_in_its_pack_whatever_its_type(tmp_path, device, packed) -> None:
    """A number and a text never match: the query casts both sides; what differs as text has no pack."""
    rows = run_query(
        tmp_path,
        sent(reading("2018-08-29T02:10:00Z", device=device), at="2018-08-29T02:10:00Z"),
        [later(reading("2018-08-29T02:12:00Z", device=device))],
        packs=f"{NO_PACKS}{packed},4,p-7,1_4\n",
    )
    assert [row["Folder"] for row in rows] == [
        "2018/08/29/02/_packs/p-7" if packed == "1" else "2018/08/29/02/1_4"
    ]


@pytest.mark.parametrize("case", sensor_names(), ids=lambda case: case.says)
def test_the_folder_is_that_of_the_sensor_id(tmp_path, case: SensorName) -> None:
    """The id comes from the reference data; without it, that of a plain name is made in the query."""
    file = io.StringIO()
    if "~" in case.id:
        csv.writer(file).writerow((case.device, case.tag, "", case.id))
    body = reading("2018-08-29T02:10:00Z", device=case.device, tag=case.tag)
    rows = run_query(
        tmp_path,
        sent(body, at="2018-08-29T02:10:00Z"),
        [later({**body, "TS": "2018-08-29T02:12:00Z"})],
        packs=NO_PACKS + file.getvalue(),
    )
    assert [row["Folder"] for row in rows] == [f"2018/08/29/02/{case.id}"]


def test_a_late_device_has_its_own_time(tmp_path) -> None:
    """Ten minutes behind is in its own minute; more than a quarter of an hour is dropped and counted."""
    late = [
        reading("2018-08-29T02:00:30Z", 5, device="late"),
        reading("2018-08-29T02:01:40Z", 5, device="late"),
    ]
    run = a_run(QUERY.read_text(), JOB.read_text(), tmp_path, references={"packs": NO_PACKS})
    run.send(sent(reading("2018-08-29T02:11:00Z"), *late, at="2018-08-29T02:11:00Z"))
    run.send([an_event(reading("2018-08-29T02:00:10Z"), enqueued="2018-08-29T02:15:11Z", sequence=9)])
    run.runner._flush(at_once=True)
    rows = [(row["Device"], text_of(int(str(row["TS"])))) for row in run.rows("readings")]
    assert rows == [("late", "2018-08-29T02:00:00.0000000Z")]
    assert run.runner.counts.placed["dropped, late"] == 1


def test_what_is_no_reading_is_counted(tmp_path) -> None:
    """Rows without a number, a device or a tag are left out by WHERE; none stops the job."""
    run = a_run(QUERY.read_text(), JOB.read_text(), tmp_path, references={"packs": NO_PACKS})
    bad = [
        reading("2018-08-29T02:10:00Z", value="warm"),
        reading("2018-08-29T02:10:00Z", value=None),
        reading("2018-08-29T02:10:00Z", value={"x": 1}),
        reading("2018-08-29T02:10:00Z", tag=None),
        reading("2018-08-29T02:10:00Z", device=["a"]),
        {"TS": "2018-08-29T02:10:00Z", "Device": "1"},
        reading("10:00"),
        {"Value": 1},
        reading("2018-08-29T02:10:00Z", device=None),
        [reading("2018-08-29T02:10:00Z", "10.5"), reading("2018-08-29T02:10:00Z", 11)],
    ]
    run.send(sent(*bad, b"\xff", b"[1]", b'{"TS": NaN}', b"{} x", b"", at="2018-08-29T02:10:00Z"))
    run.send(sent(reading("2018-08-29T02:10:00Z"), at="2018-08-29T02:10:00Z"))
    run.send([later(reading("2018-08-29T02:40:00Z"))])
    run.runner._flush(at_once=True)
    counts = run.runner.counts
    assert (counts.undecodable, counts.without_time, counts.without_key, counts.repeated) == (5, 2, 1, 1)
    assert counts.filtered == {"readings": 6}
    assert [row["Value"] for row in run.rows("readings")] == [10.75]


def test_the_repository_s_job_is_run_here(capsys) -> None:
    """What is deployed is what the runner runs: `stream --check` says so in CI."""
    assert run_command(["--check"], {}) == 0
    assert planned(read_job(JOB.read_text()), QUERY.read_text()).substreams is not None
    assert capsys.readouterr() == ("", "")


def test_the_job_has_no_secret() -> None:
    """It names accounts by parameters, and signs in with the job's identity."""
    text = JOB.read_text(encoding="utf-8")
    assert "Key" not in text
    sources = [
        part["properties"]["datasource"]
        for part in (*json.loads(text)["inputs"], *json.loads(text)["outputs"])
    ]
    assert {source["properties"]["authenticationMode"] for source in sources} == {"Msi"}


def test_check_names_the_place_of_a_construct(tmp_path, capsys) -> None:
    """A query that is not run here fails the check with line and column."""
    query = tmp_path / "query.asaql"
    query.write_text("SELECT\n  LAG(x) AS y INTO readings FROM devices")
    assert run_command(["--check", "--query", str(query)], {}) == 1
    assert capsys.readouterr().err == "line 2, column 3: the function LAG is not run here\n"


def test_scoring_reads_what_is_written(tmp_path) -> None:
    """A file of each format has the reading that was averaged, for the sensor of its folder."""
    run = a_run(QUERY.read_text(), JOB.read_text(), tmp_path, references={"packs": NO_PACKS})
    run.send(sent(reading("2018-08-29T02:10:00Z", 10.16), at="2018-08-29T02:10:00Z"))
    run.send([later(reading("2018-08-29T02:12:00Z"))])
    run.runner._flush(at_once=True)
    (plan,) = run.runner.plan.outputs
    for kind in Format:
        form = Serialization(kind)
        data = form.head(plan.columns) + form.rows(
            plan.columns, [row[:-1] for row in run.kept["readings"].rows]
        )
        table = read_file(
            f"a.{kind}", data, hour=RunHour.parse("2018-08-29T02"), owner=lambda *pair: "_".join(pair)
        ).of("1_4")
        assert (len(table), table.values.tolist()) == (1, [[10.16]])
