"""The generated file of secrets that the containers start with."""

from __future__ import annotations

import base64
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from local_stack.env_file import CHOICES, ENV_FILE, SECRETS, complete, create, main

ROOT = Path(__file__).resolve().parents[2]


def values_of(path: Path) -> dict[str, str]:
    """Read a file as compose does."""
    pairs = (line.split("=", 1) for line in path.read_text().splitlines())
    return {name: value.strip("'") for name, value in pairs}


def secrets_of(path: Path) -> dict[str, str]:
    """Read a file's secrets."""
    return {name: value for name, value in values_of(path).items() if name in SECRETS}


def test_every_secret_is_made_for_its_owner_only(tmp_path: Path) -> None:
    """The file sets every secret, and only its owner can read it."""
    path = tmp_path / ".env"
    assert create(path)
    assert list(values_of(path)) == [*SECRETS, *CHOICES]
    assert complete(path) == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_two_installations_share_a_secret(tmp_path: Path) -> None:
    """Every secret is generated anew, and none is short."""
    create(tmp_path / "one")
    create(tmp_path / "other")
    one, other = secrets_of(tmp_path / "one"), secrets_of(tmp_path / "other")
    assert not set(one.values()) & set(other.values())
    assert len(set(one.values())) == len(SECRETS)
    assert all(len(value) >= 24 for value in one.values())


def test_a_file_that_exists_is_never_written_to(tmp_path: Path) -> None:
    """The database and stored connections depend on the old secrets, so they stay."""
    path = tmp_path / ".env"
    path.write_text("POSTGRES_PASSWORD=known\n")
    assert not create(path)
    assert path.read_text() == "POSTGRES_PASSWORD=known\n"


def test_values_survive_compose_urls_and_json(tmp_path: Path) -> None:
    """No secret contains a character that compose, URLs or JSON would interpret."""
    create(tmp_path / ".env")
    for name, value in secrets_of(tmp_path / ".env").items():
        assert not set(value) & set(" \t'\"\\$#{}%;")
        assert json.loads(f'"{value}"') == value
        if name.startswith("POSTGRES"):
            assert not set(value) & set("/@:?+=")


def test_keys_have_the_form_their_users_want(tmp_path: Path) -> None:
    """Fernet accepts the Fernet key; account keys are base64 of 64 bytes."""
    create(tmp_path / ".env")
    values = secrets_of(tmp_path / ".env")
    fernet = Fernet(values["AIRFLOW_FERNET_KEY"])
    assert fernet.decrypt(fernet.encrypt(b"text")) == b"text"
    for name in ("BATCH_ACCOUNT_KEY", "BLOB_ACCOUNT_KEY"):
        assert len(base64.b64decode(values[name], validate=True)) == 64


@pytest.mark.parametrize("end", ["\n", ""])
def test_an_older_file_gets_what_it_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], end: str
) -> None:
    """What is newer than the file is added, from its own keys; what the file sets stays, even empty."""
    path = tmp_path / ".env"
    kept = "".join(f"{name}=x{name}\n" for name in SECRETS if name != "REDIS_PASSWORD")
    kept = f"{kept}COMPOSE_PROFILES={end}"
    path.write_text(kept)
    assert main([str(path)]) == 0
    assert path.read_text().startswith(kept)
    values = values_of(path)
    assert list(values)[len(SECRETS) :] == [
        *(
            "REDIS_PASSWORD",
            "AIRFLOW_EXECUTOR",
            "AIRFLOW_CONN_WASB_DEFAULT",
            "AIRFLOW_CONN_AZURE_BATCH_DEFAULT",
            "SENSOR_SCORING_ALLOW_ACCOUNT_KEYS",
        ),
    ]
    assert values["COMPOSE_PROFILES"] == ""
    assert "AccountKey=xBLOB_ACCOUNT_KEY;" in values["AIRFLOW_CONN_WASB_DEFAULT"]
    said = capsys.readouterr().out
    assert "added REDIS_PASSWORD, AIRFLOW_EXECUTOR, AIRFLOW_CONN_WASB_DEFAULT" in said
    assert values["REDIS_PASSWORD"] not in said


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o602])
def test_an_older_file_that_others_may_read_is_closed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: int
) -> None:
    """Its secrets stay, since the database uses them; a warning says that others could read them."""
    path = tmp_path / ".env"
    create(path)
    text = path.read_text()
    path.chmod(mode)
    assert main([str(path)]) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == text
    said = f"{path} was accessible to other users of this machine; its mode is now 0600\n"
    assert capsys.readouterr().err == said
    assert main([str(path)]) == 0
    assert capsys.readouterr().err == ""


def test_the_program_writes_once_and_never_prints_a_secret(tmp_path: Path) -> None:
    """Run twice as the compose file says, it changes nothing the second time."""
    path = tmp_path / ".env"
    outputs = [_run(path) for _ in range(2)]
    assert "written" in outputs[0]
    assert "exists and is complete" in outputs[1]
    assert not any(value in "".join(outputs) for value in secrets_of(path).values())


def _run(path: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "local_stack.env_file", path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("ignoring", [".gitignore", ".dockerignore"])
def test_the_file_is_neither_committed_nor_built_in(ignoring: str) -> None:
    """The default path is the one compose reads, and both ignore files exclude it."""
    assert ENV_FILE == ROOT / ".env"
    lines = (ROOT / ignoring).read_text().splitlines()
    assert {".env", "**/.env"} & set(lines)
