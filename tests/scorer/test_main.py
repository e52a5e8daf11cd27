"""The entry point: exit codes and messages."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import scorer.__main__
from scorer.__main__ import main
from scorer.console import Console
from scoring_contract.messages.invocation import ExitCode, ScoreInvocation

if TYPE_CHECKING:
    from pathlib import Path

CALL = ScoreInvocation("run1/manifests/g.json", "run1/reports/j/t.json").to_argv()


def call(*argv: str, **environ: str) -> tuple[ExitCode, str, str]:
    """Run main in this process; return code, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    return main(argv, environ, Console(out, err)), out.getvalue(), err.getvalue()


@pytest.mark.parametrize("argv", [(), ("serve",), ("--version",)])
def test_an_unknown_command_is_an_order_fault(argv: tuple[str, ...]) -> None:
    """The usage lists the commands."""
    code, out, err = call(*argv)
    assert (code, out) == (ExitCode.ORDER, "")
    assert "python -m scorer score" in err


def test_help_is_no_fault() -> None:
    """``--help`` explains and exits with 0, and so does the image's default command."""
    code, out, err = call("--help")
    assert (code, err) == (ExitCode.SUCCESS, "")
    assert "python -m scorer train" in out


def test_another_contract_is_refused() -> None:
    """An orchestrator of another version is told which image it needs."""
    words = list(CALL)
    words[words.index("--contract") + 1] = "99"
    code, _, err = call(*words)
    assert code is ExitCode.ORDER
    assert "the orchestrator speaks contract version 99" in err


def test_a_missing_variable_is_an_order_fault() -> None:
    """One sentence, no traceback."""
    code, _, err = call(*CALL)
    assert (code, err) == (ExitCode.ORDER, "the environment variable SCORING_RUNS_URL is not set\n")


def test_storage_that_is_not_there_has_its_own_code() -> None:
    """The orchestrator retries after this one."""
    code, _, err = call(*CALL, SCORING_RUNS_URL="http://127.0.0.1:1/devstoreaccount1/runs?sig=c2VjcmV0")
    assert code is ExitCode.STORAGE
    assert err.startswith("runs/run1/manifests/g.json: ")
    assert "c2VjcmV0" not in err


def test_a_fault_of_our_own_is_traced_without_secrets() -> None:
    """The one catch-all prints the traceback without secrets and exits with its own code."""

    class Broken(dict[str, str]):
        def get(self, *_: object) -> str:
            raise RuntimeError("cannot read https://fleet.blob.core.windows.net/data?sig=c2VjcmV0")

    err = io.StringIO()
    code = main(CALL, Broken(), Console(io.StringIO(), err))
    assert code is ExitCode.UNEXPECTED
    assert "Traceback" in err.getvalue()
    assert "RuntimeError: cannot read https://fleet.blob.core.windows.net/data?***" in err.getvalue()


def test_numpy_gets_one_thread_unless_told_otherwise() -> None:
    """The variables are set before numpy reads them; existing values are kept."""
    environ = {"OMP_NUM_THREADS": "2"}
    main(["--help"], environ, Console(io.StringIO(), io.StringIO()))
    assert environ["OPENBLAS_NUM_THREADS"] == "1"
    assert environ["OMP_NUM_THREADS"] == "2"


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({}, {"SSL_CERT_FILE"}),
        ({"SSL_CERT_DIR": "/etc/ours"}, {"SSL_CERT_DIR"}),
        ({"SSL_CERT_FILE": "ours.pem"}, {"SSL_CERT_FILE"}),
    ],
)
def test_the_bundle_of_certificates_is_all_that_is_read_unless_told_otherwise(
    told: dict[str, str], found: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An existing setting is kept; a system without that bundle finds its certificates by itself."""
    bundle = tmp_path / "ca-certificates.crt"
    monkeypatch.setattr(scorer.__main__, "BUNDLE", str(bundle))
    environ = dict(told)
    main(["--help"], environ, Console(io.StringIO(), io.StringIO()))
    assert {name for name in environ if name.startswith("SSL")} == told.keys()
    bundle.write_text("")
    main(["--help"], environ, Console(io.StringIO(), io.StringIO()))
    assert {name: environ[name] for name in found} == (told or {"SSL_CERT_FILE": str(bundle)})


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        pytest.param(["--until", "2018-08-29T02"], "required: --from", id="no beginning"),
        pytest.param(["--from", "yesterday", "--until", "2018-08-29T02"], "is not an hour", id="no hour"),
        pytest.param(
            ["--from", "2018-08-29T02", "--until", "2018-08-29T02"], "is not after", id="empty range"
        ),
        pytest.param(["--nu", "0"], "0 is not above 0 and at most 1", id="nu zero"),
        pytest.param(["--nu", "nan"], "nan is not above 0", id="nu nan"),
        pytest.param(["--gamma", "steep"], "'steep' is not a number", id="gamma a word"),
        pytest.param(["--gamma", "inf"], "inf is not above 0", id="gamma infinite"),
        pytest.param(["--min-rows", "1"], "whole number of 2 or more", id="one row"),
    ],
)
def test_a_wrong_training_order_says_why(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Arguments are checked before anything is imported or read."""
    with pytest.raises(SystemExit) as caught:
        call("train", *words)
    assert caught.value.code == ExitCode.ORDER
    assert sentence in capsys.readouterr().err


def test_scoring_imports_neither_pandas_nor_scikit_learn(tmp_path: Path) -> None:
    """Importing them would dominate a cold start."""
    check = (
        "import sys, scorer.__main__, scorer.scoring.score;"
        "print(sorted({'pandas', 'sklearn', 'scipy', 'azure', 'argparse'} & set(sys.modules)))"
    )
    environ = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-c", check], env=environ, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
