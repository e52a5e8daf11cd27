"""The lab as people use it: commands, exit codes, output and files."""

from __future__ import annotations

import json
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from azure_batch_lab.__main__ import main

CLEAN = "$TargetDedicatedNodes = 3;"
DOUBTFUL = "cap = 9;\n$TargetDedicatedNodes = 3;"
WRONG = "$TargetDedicatedNodes = time();"
SAMPLES = """variable,time,value
$TaskSlotsPerNode,,4
$PendingTasks,2026-03-04T09:58:30Z,94
$PendingTasks,2026-03-04T09:59:00Z,90
"""
# The service lists targets, then the option, then the formula's own variables by name.
LOAD = """load = max(0, $PendingTasks.GetSample(1));
$TargetDedicatedNodes = load > 9 ? load / $TaskSlotsPerNode : 1;
"""
RESULTS = "$TargetDedicatedNodes=22;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;load=90\n"


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (CLEAN, (), 0),
        (CLEAN, ("--strict",), 0),
        (DOUBTFUL, (), 0),
        (DOUBTFUL, ("--strict",), 1),
        (WRONG, (), 2),
        ("nonsense", ("--strict",), 2),
        (CLEAN, ("--interval", "1m"), 2),
    ],
)
def test_check_says_by_its_code_how_bad_it_is(text, options, code) -> None:
    """0 means fine, 1 warnings if they count, 2 errors."""
    assert main(["check", "--text", text, *options]) == code


def test_check_shows_the_place_and_the_reason(file, capsys) -> None:
    """Line and column, a caret, and why."""
    name = file(DOUBTFUL)
    assert main(["check", name]) == 0
    assert capsys.readouterr().out == (
        f"{name}:1:1: warning: cap is never read [never-read]\n"
        "    cap = 9;\n"
        "    ^\n"
        "    why: what nothing reads is often a misspelt name, or a bound that was forgotten\n"
    )


def test_check_writes_json_for_programs(capsys) -> None:
    """Findings with code, place and reason, and counts by kind."""
    main(["check", "--json", "--text", DOUBTFUL])
    document = json.loads(capsys.readouterr().out)
    assert (document["errors"], document["warnings"]) == (0, 1)
    (finding,) = document["findings"]
    assert (finding["code"], finding["line"], finding["column"]) == ("never-read", 1, 1)


def test_eval_prints_the_result_string_of_the_service(file, capsys) -> None:
    """Names and values separated by semicolons in the service's order, with truncated targets."""
    assert main(["eval", file(LOAD), "--samples", file(SAMPLES, "samples.csv")]) == 0
    assert capsys.readouterr().out == RESULTS


def test_eval_takes_json_as_well_and_a_moment(file, capsys) -> None:
    """Half a minute earlier, the newest sample is not visible yet."""
    rows = [line.split(",") for line in SAMPLES.split()[1:]]
    document = [{"variable": name, "time": time, "value": float(value)} for name, time, value in rows]
    samples = file(json.dumps(document), "samples.json")
    assert main(["eval", file(LOAD), "--samples", samples]) == 0
    assert main(["eval", file(LOAD), "--samples", samples, "--at", "2026-03-04T09:59:30Z"]) == 0
    assert capsys.readouterr().out == RESULTS + RESULTS.replace("=22", "=23").replace("=90", "=94")


def test_eval_explains_every_expression_that_was_evaluated(file, capsys) -> None:
    """The parts of a value are indented below it, without branches that were not taken."""
    main(["eval", file(LOAD), "--samples", file(SAMPLES, "samples.csv"), "--explain"])
    assert (
        capsys.readouterr().out
        == (
            "at 2026-03-04T10:00:00.000Z, samples are seen 1m late\n"
            "load = max(0, $PendingTasks.GetSample(1))  ->  90\n"
            "    $PendingTasks.GetSample(1) = [90]\n"
            "$TargetDedicatedNodes = load > 9 ? load / $TaskSlotsPerNode : 1  ->  22.5\n"
            "    load > 9 = 1\n"
            "        load = 90\n"
            "    load / $TaskSlotsPerNode = 22.5\n"
            "        load = 90\n"
            "        $TaskSlotsPerNode = 4\n"
        )
        + RESULTS
    )


def test_eval_explains_up_to_the_error(file, capsys) -> None:
    """It shows the steps up to the error, and where it occurred."""
    text = "x = 2;\ny = x + avg($CPUPercent.GetSample(TimeInterval_Hour, 50));"
    assert main(["eval", file(text), "--explain", "--at", "2026-03-04T10:00:00Z"]) == 1
    out = capsys.readouterr().out
    _, x, y, part, *_ = out.splitlines()
    assert (x, part) == ("x = 2", "    x = 2")
    assert y == "y = x + avg($CPUPercent.GetSample(TimeInterval_Hour, 50)) ..."
    assert "Insufficient data from data set: $CPUPercent wanted 50%, received 0%" in out


@pytest.mark.parametrize(
    ("lag", "percent", "moment"),
    [
        pytest.param("0s", "100", "2026-03-04T09:59:00.000Z", id="at once"),
        pytest.param("60s", "66.66666666666667", "2026-03-04T10:00:00.000Z", id="a minute late"),
        pytest.param("3m", "0", "2026-03-04T10:02:00.000Z", id="later than the window is long"),
    ],
)
def test_eval_takes_the_lag_of_samples(file, capsys, lag, percent, moment) -> None:
    """It determines how full a window is, and when the newest sample becomes visible."""
    times = [f"09:{minute}:{second}Z" for minute in (56, 57, 58) for second in ("00", "30")]
    rows = [f"$PendingTasks,2026-03-04T{time},9" for time in (*times, "09:59:00Z")]
    samples = file("\n".join(["variable,time,value", *rows]), "samples.csv")
    formula = file("p = $PendingTasks.GetSamplePercent(180 * TimeInterval_Second);")
    assert main(["eval", formula, "--samples", samples, "--sample-lag", lag, "--explain"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"at {moment}, samples are seen ")
    assert f"p={percent}\n" in out


def test_eval_notes_where_there_was_no_sample(file, capsys) -> None:
    """Without samples, the default beside them is used; the note is separate from the results."""
    text = """x = min(25, $PreemptedNodeCount.GetSample(TimeInterval_Hour));
        y = max(0, $PendingTasks.GetSample(1));"""
    assert main(["eval", file(text), "--samples", file(SAMPLES, "samples.csv")]) == 0
    printed = capsys.readouterr()
    assert printed.out.endswith("=requeue;x=25;y=90\n")
    assert printed.err == "note: there is no sample in $PreemptedNodeCount.GetSample(TimeInterval_Hour)\n"


DAY = ("--tasks", "10", "--duration", "60s", "--days", "0.25")


def test_simulate_prints_a_row_per_policy_and_writes_chart_and_figures(file, tmp_path, capsys) -> None:
    """Costs are node-hours times the price; the chart is well-formed and names the policies."""
    names = [file("$TargetDedicatedNodes = 2;", "two.txt"), file("$TargetLowPriorityNodes = 4;", "four.txt")]
    formulas = [word for name in names for word in ("--formula", name)]
    priced = ("--price", "0.1", "--spot-price", "0.02")
    assert main(["simulate", *formulas, *DAY, *priced, "--out", str(tmp_path / "out")]) == 0
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert [[cell.strip() for cell in row[:4]] for row in rows[2:]] == [
        ["two", "12.0", "0.0", "1.20"],
        ["four", "0.0", "24.0", "0.48"],
    ]
    document = json.loads((tmp_path / "out" / "simulation.json").read_text())
    assert [one["cost"] for one in document["policies"]] == [pytest.approx(1.2), pytest.approx(0.48)]
    chart = (tmp_path / "out" / "simulation.svg").read_text()
    drawing = ET.fromstring(chart)  # noqa: S314  we have just written it
    assert {"two", "four", "waiting tasks"} <= set(drawing.itertext())


def test_simulate_without_prices_tells_no_cost(file, capsys) -> None:
    """No price is built in."""
    main(["simulate", "--formula", file(CLEAN), *DAY])
    assert capsys.readouterr().out.splitlines()[2].split("|")[4].strip() == "-"


@pytest.mark.parametrize(("lag", "most"), [("0s", 9), ("60s", 1)])
def test_simulate_says_which_lag_it_used(file, tmp_path, capsys, lag, most) -> None:
    """A three-minute window fills if samples come at once, and never if they come a minute late."""
    text = """window = 180 * TimeInterval_Second;
        p = $PendingTasks.GetSamplePercent(window);
        $TargetDedicatedNodes = min(9, p < 70 ? 1 : avg($PendingTasks.GetSample(window)));"""
    work = ("--tasks", "90", "--duration", "20m", "--days", "0.125", "--sample-lag", lag)
    assert main(["simulate", "--formula", file(text), *work, "--out", str(tmp_path)]) == 0
    span = "1m" if lag == "60s" else lag
    assert f"Samples are seen {span} after they are taken.\n" in capsys.readouterr().out
    document = json.loads((tmp_path / "simulation.json").read_text())
    assert document["sampleLagSeconds"] == float(lag[:-1])
    assert (document["policies"][0]["dedicatedNodeHours"] > 3) is (most > 1)


def test_search_says_which_lag_it_used(tmp_path, capsys) -> None:
    """Below the front, and in the figures."""
    options = ("--policy", "fixed", "--price", "1", *DAY, "--sample-lag", "90s")
    assert main(["search", *options, "--out", str(tmp_path)]) == 0
    assert "Samples are seen 1m30s after they are taken.\n" in capsys.readouterr().out
    assert json.loads((tmp_path / "search.json").read_text())["sampleLagSeconds"] == 90


@pytest.mark.parametrize("command", [("eval", "{}"), ("simulate", "--formula", "{}", "--tasks", "1")])
def test_a_lag_is_not_negative(file, capsys, command) -> None:
    """Nobody sees a sample before it is taken."""
    words = [word.format(file(CLEAN)) for word in command]
    assert main([*words, "--sample-lag=-5s"]) == 2
    assert "samples cannot be seen -5s after they are taken" in capsys.readouterr().err


def test_simulate_takes_a_workload_and_announcements(file, capsys) -> None:
    """The table has each formula alone and with each announcement."""
    workload = file('{"length": "6h", "arrivals": [{"tasks": 8, "at": "2m", "duration": "60s"}]}', "w.json")
    formula = file("$TargetDedicatedNodes = 0;\n", "none.txt")
    code = main(["simulate", "--formula", formula, "--workload", workload, "--prewarm", "2@-5m/15m"])
    out = capsys.readouterr().out
    assert code == 0
    assert [line.split("|")[1].strip() for line in out.splitlines()[2:4]] == ["none", "none + 2@-5m/15m"]
    assert [line.split("|")[10].strip() for line in out.splitlines()[2:4]] == ["48", "0"]


SEARCH = ("--policy", "reactive", "--policy", "fixed", "--vary", "max=1,2", "--vary", "nodes=1,3")


def test_search_prints_the_front_and_writes_everything(tmp_path, capsys) -> None:
    """Cheapest first, and each dearer policy is faster; the figures have every policy simulated."""
    assert main(["search", *SEARCH, *DAY, "--price", "0.1", "--out", str(tmp_path)]) == 0
    assert "4 policies simulated, 0 do not keep up" in capsys.readouterr().out
    document = json.loads((tmp_path / "search.json").read_text())
    by_name = {one["policy"]: one for one in document["policies"]}
    costs = [by_name[name]["cost"] for name in document["front"]]
    waits = [by_name[name]["meanSeconds"] for name in document["front"]]
    assert len(by_name) == 4
    assert costs == sorted(costs)
    assert waits == sorted(waits, reverse=True)
    picture = ET.fromstring((tmp_path / "search.svg").read_text())  # noqa: S314  we have just written it
    assert len(picture.findall("{http://www.w3.org/2000/svg}circle")) == 4 + 2  # two in the legend


def test_search_comes_to_the_same_in_several_processes(tmp_path) -> None:
    """The number of processes makes no difference."""
    for workers in ("1", "2"):
        folder = tmp_path / workers
        main(["search", *SEARCH, *DAY, "--price", "1", "--workers", workers, "--out", str(folder)])
    first, second = ((tmp_path / workers / "search.json").read_text() for workers in ("1", "2"))
    assert first == second


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("check", "/no/such/file"),
        ("check", "--text", CLEAN, "--interval", "soon"),
        ("eval", "/no/such/file"),
        ("simulate", "--formula", "/no/such/file", *DAY),
        ("simulate", "--formula", "{}"),
        ("simulate", "--formula", "{}", *DAY, "--slots", "1000"),
        ("simulate", "--formula", "{}", *DAY, "--interval", "1m"),
        ("simulate", "--formula", "{}", *DAY, "--spot-price", "1"),
        ("simulate", "--formula", "{}", *DAY, "--price", "-1"),
        ("simulate", "--formula", "{}", "--tasks", "1", "--days", "nan"),
        ("simulate", "--formula", "{}", *DAY, "--spot-evictions-per-hour", "-1"),
        ("search", "--policy", "clever", *DAY, "--price", "1"),
        ("search", "--policy", "fixed", "--vary", "max=1", *DAY, "--price", "1"),
        ("search", "--policy", "reactive", "--vary", "spot=101", *DAY, "--price", "1"),
        ("search", "--policy", "reactive", "--workers", "0", *DAY, "--price", "1"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(arguments, file, capsys) -> None:
    """Exit code 2 and a readable sentence without a traceback."""
    name = file(CLEAN)
    assert main([name if word == "{}" else word for word in arguments]) == 2
    assert capsys.readouterr().err.startswith("azure_batch_lab: ")


@pytest.mark.parametrize(
    "samples",
    [
        "variable,time,value\n$PendingTasks,2026-03-04T09:58:30Z,many",
        "variable,time,value\n$PendingTasks,yesterday,1",
        "variable,time,value\n$Foo,2026-03-04T09:58:30Z,1",
        "variable,time,value\n$TargetDedicatedNodes,,-1",
        "a,b\n1,2",
        "[1]",
        "[",
        "{}",
    ],
)
def test_samples_that_make_no_sense_are_refused(samples, file, capsys) -> None:
    """The error names the row, if it is one."""
    assert main(["eval", file(CLEAN), "--samples", file(samples, "samples")]) == 2
    assert "the samples" in capsys.readouterr().err


def test_the_lab_runs_as_a_module() -> None:
    """A separate process reviews a formula from standard input."""
    done = subprocess.run(
        [sys.executable, "-m", "azure_batch_lab", "check", "-"],
        input="x = ",
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.returncode == 2
    assert done.stdout.startswith("formula:1:5: error: a value is expected")
