"""Rules of the compose file, checked without an engine."""

from __future__ import annotations

import http.server
import importlib.util
import json
import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from azure.storage.blob import BlobServiceClient

from local_stack.env_file import CHOICES, SECRETS, create
from sensor_scoring.airflow_config import FORK_SERVER, HEARTBEATS, PARSING, needs_of
from sensor_scoring.hourly.planning.packing import MOST_TASKS
from sensor_scoring.setting_fields import PREFIX
from sensor_scoring.settings import all_settings

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yaml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]

ONE_SHOT = {"airflow-init", "storage-init", "scoring-image"}
AIRFLOW = {"airflow-init", "storage-init", "api-server", "scheduler", "dag-processor", "triggerer", "worker"}

HEALTH = {name: {"status": "healthy"} for name in ("scheduler", "dag_processor", "triggerer")}
"""What the api-server says of the processes."""
_VARIABLE = re.compile(r"(?<!\$)\$(?:\{(\w+)([^}]*)\}|(\w+))")
_SECRET_NAME = re.compile(r"PASSWORD$|SECRET|_KEY$|CONN|ACCOUNTS")


def substituted(text: str) -> str:
    """Fill in made-up secrets, as compose fills in real ones."""
    return _VARIABLE.sub(lambda match: f"made-up-{match[1]}", text).replace("$$", "$")


def test_every_variable_is_a_secret_without_a_default() -> None:
    """Compose refuses to start while anything is unset, and the generator makes exactly what is wanted."""
    found = _VARIABLE.findall(re.sub(r"^\s*#.*$", "", TEXT, flags=re.MULTILINE))
    assert all(form.startswith(":?") for _, form, _ in found)
    wanted = {braced or plain for braced, _, plain in found}
    # Compose itself reads the profiles, and passes settings on.
    assert wanted == {*SECRETS, *CHOICES} - {"COMPOSE_PROFILES", "SENSOR_SCORING_ALLOW_ACCOUNT_KEYS"}


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_is_written_down(name: str) -> None:
    """Every variable named like a secret takes its value from ``.env``."""
    environment: dict[str, str | None] = SERVICES[name].get("environment", {})
    for variable, value in environment.items():
        if _SECRET_NAME.search(variable) and not variable.startswith(PREFIX):
            assert value is None or "${" in value, variable


@pytest.mark.parametrize("name", SERVICES)
def test_published_ports_are_on_loopback(name: str) -> None:
    """No port is reachable from the machine's network."""
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in SERVICES[name].get("ports", []))
    assert "network_mode" not in SERVICES[name]
    assert not SERVICES[name].get("privileged", False)


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str) -> None:
    """A third-party image names its version; an image of ours names its Dockerfile."""
    service = SERVICES[name]
    _, _, tag = service["image"].rpartition(":")
    assert re.match(r"\d", tag), service["image"]
    if "build" in service:
        context = ROOT / service["build"]["context"]
        assert context == ROOT
        assert (context / service["build"]["dockerfile"]).is_file()


@pytest.mark.parametrize("name", [name for name, service in SERVICES.items() if "build" in service])
def test_a_mirror_of_packages_reaches_the_build(name: str) -> None:
    """Without a value here it is the environment's, and none if that has none."""
    build = SERVICES[name]["build"]
    argument = "NPM_CONFIG_REGISTRY" if name == "azurite" else "PIP_INDEX_URL"
    assert build["args"] == {argument: None}


def test_the_documentation_saves_every_image() -> None:
    """It pulls those that are not built, and lists all in the command that writes them into a file."""
    page = (ROOT / "docs" / "air-gapped.md").read_text()
    images = {service["image"] for service in SERVICES.values() if "image" in service}
    built = {service["image"] for service in SERVICES.values() if "build" in service}
    assert set(re.findall(r"^docker pull (\w+:\S+)$", page, re.MULTILINE)) == images - built
    (listing,) = re.findall(r"\$\((awk .*?)\)", page)
    listed = subprocess.run(["/bin/sh", "-c", listing], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(listed.stdout.split()) == images


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_has_more_than_it_needs(name: str) -> None:
    """Services drop all capabilities, except those PostgreSQL starts with, and have memory limits."""
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    begins_as_root = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]
    assert service.get("cap_add", []) == (begins_as_root if name == "postgres" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"\d+g", service["mem_limit"])
    # Only what fills a new volume, which is root's, is root; Redis would begin as root.
    assert service.get("user") == {"scoring-image": "0:0", "redis": "redis"}.get(name)


def test_every_setting_is_passed_on_if_it_is_set() -> None:
    """Compose takes a setting from `.env` or the shell, and omits it if neither has it."""
    shared = COMPOSE["x-airflow-environment"]
    assert {name for name in shared if name.startswith(PREFIX)} == {
        entry.variable for entry in all_settings()
    }
    assert {value for name, value in shared.items() if name.startswith(PREFIX)} == {None}


def test_airflow_processes_share_one_environment() -> None:
    """All Airflow processes have the same settings with the same values."""
    shared = COMPOSE["x-airflow-environment"]
    for name in AIRFLOW:
        assert shared.items() <= SERVICES[name]["environment"].items(), name
        assert SERVICES[name]["image"] == COMPOSE["x-airflow"]["image"]
        assert SERVICES[name]["volumes"] == COMPOSE["x-airflow"]["volumes"]
    extra = {name: set(SERVICES[name]["environment"]) - set(shared) for name in AIRFLOW}
    assert {name: more for name, more in extra.items() if more} == {
        "airflow-init": {"AIRFLOW_ADMIN_PASSWORD", "COMPOSE_PROFILES"}
    }


def test_a_fleet_that_packs_itself_fits() -> None:
    """Compose sets what a large packed fleet needs, as the laptop's stack does."""
    for need in needs_of(MOST_TASKS):
        assert int(COMPOSE["x-airflow-environment"][need.variable]) >= need.least, need.variable


def test_every_airflow_setting_exists() -> None:
    """Airflow silently ignores a misspelt variable, so each is looked up in its own list of settings."""
    spec = importlib.util.find_spec("airflow")
    assert spec
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "config_templates"
    known = yaml.safe_load((folder / "config.yml").read_text())
    for variable in COMPOSE["x-airflow-environment"]:
        if variable.startswith("AIRFLOW__"):
            _, section, option = variable.split("__")
            if section == "CELERY":  # a provider's, which only the image has
                continue
            # What [core] says of processes, a component's own section may say otherwise.
            options = known[section.lower()]["options"] | {"mp_start_method": None}
            assert option.lower() in options, variable


def test_task_instances_are_forked_from_a_server_that_has_what_they_need() -> None:
    """Workers fork with modules preloaded and reparse unchanged files rarely, as on a laptop."""
    shared, ours = COMPOSE["x-airflow-environment"], FORK_SERVER | PARSING | HEARTBEATS
    assert {variable: shared[variable] for variable in ours} == ours


def test_users_sign_in_with_a_password() -> None:
    """The simple auth manager must not treat everybody as an administrator."""
    environment = COMPOSE["x-airflow-environment"]
    assert environment["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"] == "false"
    folder = Path(environment["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]).parent
    assert f"airflow-auth:{folder}" in COMPOSE["x-airflow"]["volumes"]


def test_connections_are_what_the_hooks_read(tmp_path: Path) -> None:
    """The generated connections are valid JSON and name services of this file, with their keys."""
    create(tmp_path / ".env")
    values = dict(line.split("=", 1) for line in (tmp_path / ".env").read_text().splitlines())
    storage = json.loads(values["AIRFLOW_CONN_WASB_DEFAULT"].strip("'"))
    assert storage["conn_type"] == "wasb"
    with BlobServiceClient.from_connection_string(storage["extra"]["connection_string"]) as service:
        assert service.account_name == "devstoreaccount1"
        assert service.url == "http://azurite:10000/devstoreaccount1/"
        assert service.credential.account_key == values["BLOB_ACCOUNT_KEY"]
    assert json.loads(values["AIRFLOW_CONN_AZURE_BATCH_DEFAULT"].strip("'")) == {
        "conn_type": "azure_batch",
        "login": "localbatch",
        "password": values["BATCH_ACCOUNT_KEY"],
        "extra": {"account_url": "http://batch-emulator:8900"},
    }


def test_the_two_ends_of_each_service_agree() -> None:
    """The services are started with the accounts, ports and keys of the generated connections."""
    emulator = SERVICES["batch-emulator"]
    options = dict(zip(emulator["command"][::2], emulator["command"][1::2], strict=True))
    assert (options["--account"], options["--port"]) == ("localbatch", "8900")
    assert options["--image"] == "sensor-scoring=/opt/scoring"
    assert "scorer:/opt/scoring:ro" in emulator["volumes"]
    assert substituted(emulator["environment"]["AZURE_BATCH_EMULATOR_KEY"]) == "made-up-BATCH_ACCOUNT_KEY"
    accounts = substituted(SERVICES["azurite"]["environment"]["AZURITE_ACCOUNTS"])
    assert accounts == "devstoreaccount1:made-up-BLOB_ACCOUNT_KEY"
    assert {"--skipApiVersionCheck", "--disableTelemetry"} < set(SERVICES["azurite"]["command"])
    broker = substituted(COMPOSE["x-airflow-environment"]["AIRFLOW__CELERY__BROKER_URL"])
    assert broker == "redis://:made-up-REDIS_PASSWORD@redis:6379/0"


def test_a_profile_can_be_left_out() -> None:
    """No service depends on one of another profile, which may be in Azure, or not be needed."""
    profiles = {name: set(service.get("profiles", ())) for name, service in SERVICES.items()}
    assert {name for name, found in profiles.items() if found == {"local"}} == {
        *("azurite", "scoring-image", "batch-emulator"),
    }
    assert {name for name, found in profiles.items() if found == {"celery"}} == {
        *("redis", "worker"),
    }
    for name, service in SERVICES.items():
        for other in service.get("depends_on", {}):
            assert profiles[other] <= profiles[name], name


def test_azurite_is_the_version_the_laptop_runs() -> None:
    """Containers and laptop run the same version of Azurite."""
    package = json.loads((ROOT / "local_stack/package.json").read_text())
    _, _, tag = SERVICES["azurite"]["image"].rpartition(":")
    assert tag == package["dependencies"]["azurite"]


@pytest.mark.parametrize("name", SERVICES)
def test_services_wait_for_what_they_need(name: str) -> None:
    """A dependency has a health check or ends by itself, and only one that ends is not restarted."""
    service = SERVICES[name]
    assert service["restart"] == ("no" if name in ONE_SHOT else "unless-stopped")
    # Nobody waits for the demo.
    assert ("healthcheck" in service) == (name not in {*ONE_SHOT, "demo"})
    for other, wait in service.get("depends_on", {}).items():
        ends = other in ONE_SHOT
        assert wait["condition"] == ("service_completed_successfully" if ends else "service_healthy")


def test_every_airflow_process_waits_for_the_database() -> None:
    """Apart from the two initial steps, every process waits for the migration to end."""
    for name in AIRFLOW - ONE_SHOT:
        assert "airflow-init" in SERVICES[name]["depends_on"]


def test_volumes_are_named_and_all_used() -> None:
    """State outlives containers, no host folder is mounted, and every volume is used."""
    mounted = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    assert mounted == set(COMPOSE["volumes"])


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("api-server", "127.0.0.1:8080"),
        ("scheduler", "127.0.0.1:8974"),
        ("dag-processor", "api-server:8080"),
        ("triggerer", "api-server:8080"),
        ("batch-emulator", "127.0.0.1:8900"),
    ],
)
@pytest.mark.parametrize("status", [200, 503])
def test_a_health_check_believes_the_answer(name: str, place: str, status: int) -> None:
    """The check, run as written on another port, succeeds on 200 and fails on 503."""
    done = checked(name, place, status, HEALTH)
    assert (done.returncode == 0) == (status == 200)


@pytest.mark.parametrize("name", ["dag-processor", "triggerer"])
def test_a_process_that_does_not_serve_is_checked_by_its_heartbeat(name: str) -> None:
    """If the api-server has not heard of it, its check fails though the answer is 200."""
    health = HEALTH | {name.replace("-", "_"): {"status": "unhealthy"}}
    assert checked(name, "api-server:8080", 200, health).returncode != 0


def checked(name: str, place: str, status: int, health: object) -> subprocess.CompletedProcess[bytes]:
    """Run a service's check against a server that answers with a status and Airflow's health."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(health).encode())

        def log_message(self, *_: object) -> None:
            pass

    check = SERVICES[name]["healthcheck"]["test"]
    assert (check[0], check[1].rpartition("/")[2], check[2]) == ("CMD", "python", "-c")
    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        program = check[3].replace(f"{place}/", f"127.0.0.1:{server.server_port}/")
        assert program != check[3]
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
        server.shutdown()
        thread.join()
    return done


def first_step(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the first step with a stand-in for Airflow's command."""
    service = SERVICES["airflow-init"]
    programs = folder / "bin"
    programs.mkdir(parents=True)
    for name, line in (("airflow", 'echo "airflow $*"'), ("python", f'exec {sys.executable} "$@"')):
        (programs / name).write_text(f"#!/bin/sh\n{line}\n")
        (programs / name).chmod(0o755)
    command = substituted(service["command"][0]).replace("/opt/airflow/plugins", str(ROOT / "plugins"))
    return subprocess.run(
        [*service["entrypoint"], command],
        env={
            "PATH": f"{programs}:{os.environ['PATH']}",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW_ADMIN_PASSWORD": 'made-up "password"',
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(folder / "passwords.json"),
            **environ,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_password_reaches_the_auth_manager(tmp_path: Path) -> None:
    """The first step writes the password where Airflow reads it, for its own user only, and then migrates."""
    done = first_step(tmp_path)
    assert (done.returncode, done.stdout) == (0, "airflow db migrate\n"), done.stderr
    passwords = tmp_path / "passwords.json"
    assert json.loads(passwords.read_text()) == {"admin": 'made-up "password"'}
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o600


def test_celery_without_workers_stops_the_first_step(tmp_path: Path) -> None:
    """Whoever chooses CeleryExecutor, and not the profile with its workers, is told what to add."""
    chosen = {"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor"}
    done = first_step(tmp_path / "none", **chosen, COMPOSE_PROFILES="local")
    assert (done.returncode, done.stdout) == (1, "")
    assert "COMPOSE_PROFILES needs celery" in done.stderr
    assert first_step(tmp_path / "both", **chosen, COMPOSE_PROFILES="local,celery").returncode == 0


def test_a_setting_that_cannot_be_read_stops_the_first_step(tmp_path: Path) -> None:
    """The error names the setting, and no process that waits for this step starts."""
    done = first_step(tmp_path, SENSOR_SCORING_MAX_NODES="many")
    assert done.returncode != 0
    assert done.stdout == ""
    assert "SENSOR_SCORING_MAX_NODES" in done.stderr.splitlines()[-1]
