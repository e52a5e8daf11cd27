"""Secrets that a whole run uses, searched for in everything that it leaves behind.

The run has a sensor that fails, so that reports, messages, links and the pages of a failure are there too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

import pytest

from local_stack.services.azurite import KEY
from scoring_contract.access import SignedBlobs
from scoring_contract.layout import Container, prediction_blob
from tests.integration.world import DAG, HOUR, SCORED, an_altered_model
from tests.support.canaries import Canaries, in_batch, in_blobs, in_database, in_files, watched_processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.integration.world import World
    from tests.support.receivers import Webhook

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

ROUTES = f"/sensor-scoring/api/dags/{DAG}"
ROLES = ("DATA", "MODELS", "PREDICTIONS", "RUNS")
PASSWORDS = "simple_auth_manager_passwords.json.generated"
"""File of Airflow's home that its simple auth manager keeps passwords in."""


def test_a_run_leaves_no_secret_behind(world: World, told: Webhook) -> None:
    """Keys, passwords and addresses are nowhere, signatures in the environments of Batch tasks alone."""
    messages = len(told.bodies)
    with watched_processes() as processes, an_altered_model(world.stack, "1_2"):
        run = world.web.trigger(DAG, hour=str(HOUR))
        assert world.wait(run) == "failed"
    assert len(told.bodies) > messages, "the webhook's address was used"
    base, home = world.base(run), world.cluster.airflow.home
    places: dict[str, Callable[[], Iterable[tuple[str, bytes]]]] = {
        "command lines": processes.items,
        "database": lambda: in_database(world.cluster.database.url),
        "blobs": lambda: in_blobs(world.stack.storage, *Container),
        "Batch": lambda: in_batch(world.batch, jobs=base),
        "logs of processes": lambda: in_files(world.stack.workspace.logs),
        "Airflow's home": lambda: (each for each in in_files(home) if not each[0].endswith(PASSWORDS)),
        "answers": lambda: _answers(world, run),
    }
    canaries, known = Canaries(_secrets(world, told)), Canaries({"run": base})
    found = {name: canaries.among(places_of()) for name, places_of in places.items()}
    assert found == {name: [] for name in places}
    seen = {name for name, places_of in places.items() if known.among(places_of())}
    assert seen == set(places), "what is no secret is found in each of them"
    _assert_least_rights(world, base)


def _secrets(world: World, told: Webhook) -> dict[str, str]:
    settings = world.cluster.airflow.settings
    shared = ("CORE__FERNET_KEY", "API__SECRET_KEY", "API_AUTH__JWT_SECRET")
    return {
        "key of the Batch account": world.stack.batch.key,
        "key of the storage account": KEY,
        "address of the webhook": told.token,
        "password of the database": world.cluster.database.password,
        "password of the web UI": world.cluster.password,
        **{name: settings[f"AIRFLOW__{name}"] for name in shared},
    }


def _answers(world: World, run: str) -> Iterator[tuple[str, bytes]]:
    """Yield what Airflow's API, our pages and our routes say of a run."""
    web, place = world.web, f"/dags/{DAG}/dagRuns/{run}"
    yield from ((path, json.dumps(web.get(path)).encode()) for path in (place, f"/dags/{DAG}/details"))
    for each in web.get(f"{place}/taskInstances", limit=100)["task_instances"]:
        task, index = each["task_id"], each["map_index"]
        name = f"{task} {index}"
        yield f"instance {name}", json.dumps(each).encode()
        if each["state"]:
            yield f"log of {name}", web.log(DAG, run, task, map_index=index).encode()
        entries = web.get(f"{place}/taskInstances/{task}/xcomEntries", map_index=index)
        yield f"XCom of {name}", json.dumps(entries).encode()
        for title, address in web.links(DAG, run, task, index).items():
            if address:
                yield f"{title} of {name}", web.page(address).content
    for path in ("/pool", "/hours", f"/hours/{HOUR}", f"/runs/{quote(run, safe='')}", "/sensors/1_2/model"):
        yield path, web.page(f"{ROUTES}{path}").content
    yield "connections", json.dumps(web.get("/connections")).encode()


def _assert_least_rights(world: World, base: str) -> None:
    """Each Batch task has signatures of its own sensor's blobs, and of its order and report."""
    tasks = [
        task
        for job in world.batch.list_jobs()
        if job.id.startswith(base)
        for task in world.batch.list_tasks(job.id)
    ]
    assert {str(task.display_name) for task in tasks} == set(SCORED)
    for task in tasks:
        sensor, own = str(task.display_name), {}
        for each in task.environment_settings or ():
            signed = SignedBlobs.from_text(str(each.value), name=each.name).signatures
            assert all("sr=b&" in query for query in signed.values())
            own[each.name] = {(blob, parse_qs(query)["sp"][0]) for blob, query in signed.items()}
        assert set(own) == {f"SCORING_{name}_BLOBS" for name in ROLES}
        assert all(f"/{sensor}/" in blob for blob, _ in own["SCORING_DATA_BLOBS"])
        assert all(blob.startswith(f"{sensor}/") for blob, _ in own["SCORING_MODELS_BLOBS"])
        assert own["SCORING_PREDICTIONS_BLOBS"] == {(prediction_blob(HOUR, sensor), "rw")}
        assert {rights for _, rights in own["SCORING_DATA_BLOBS"] | own["SCORING_MODELS_BLOBS"]} == {"r"}
        assert sorted(rights for _, rights in own["SCORING_RUNS_BLOBS"]) == ["r", "w"]
