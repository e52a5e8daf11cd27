"""What the preflight says of deployments that lack something; real Batch, Blob Storage and webhook."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from azure_batch_emulator.clock import ManualClock, SystemClock
from azure_batch_emulator.runner.scripted import ScriptedRunner, succeed
from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from scoring_contract.messages.manifest import ModelRef
from scoring_contract.messages.registry import Registry, TrainedModel, TrainedSensor
from sensor_scoring.airflow_config import FORK_SERVER, HEARTBEATS, PARSING
from sensor_scoring.errors import SettingsError
from sensor_scoring.hourly.planning.capacity import pool_spec
from sensor_scoring.preflight.checks import CHECKS, findings
from sensor_scoring.preflight.deployment import Deployment
from sensor_scoring.preflight.finding import Verdict
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airflow.sdk import Context

    from local_stack.services.azurite import BlobStorage
    from tests.sensor_scoring.conftest import Account
    from tests.support.receivers import Webhook

NAMED = {
    "SENSOR_SCORING_BATCH_CONN_ID": "batch_for_tests",
    "SENSOR_SCORING_WASB_CONN_ID": "wasb_for_tests",
    "SENSOR_SCORING_POOL_ID": "pool",
    "SENSOR_SCORING_NOTIFY": "apprise",
}
IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
TRIALS = {"writing", "messages", "image", "one sensor"}
UNNAMED = {
    *("account resource", "network access", "sign-in modes", "account mode"),
    *("core quota", "pool and job quotas"),
    *("event hub", "Stream Analytics job"),
}
"""They need settings of their own; ``test_account_checks.py`` and ``test_ingest_checks.py`` have them."""


class Looking:
    """A deployment that lacks nothing, and looks at it."""

    def __init__(self, account: Account, storage: BlobStorage) -> None:
        self.account = account
        self.storage = storage

    def look(
        self, settings: Mapping[str, str] | None = None, *, tries: bool = False
    ) -> dict[str, list[tuple[Verdict, str, str]]]:
        """Make all checks; return verdicts, sentences and remedies, by check."""
        found: dict[str, list[tuple[Verdict, str, str]]] = {check.name: [] for check in CHECKS}
        with closing(self._deployment(settings or {})) as deployment:
            for each in findings(deployment, tries=tries):
                found[each.check].append((each.verdict, each.sentence, each.remedy))
        return found

    def said(self, check: str, **settings: str) -> tuple[Verdict, str, str]:
        """Return the one thing that a check finds."""
        (finding,) = self.look(settings)[check]
        return finding

    def alone(self, name: str, **settings: str) -> tuple[Verdict, str, str]:
        """Make one check, whatever the ones before it would find; return the one thing that it finds."""
        (check,) = (each for each in CHECKS if each.name == name)
        with closing(self._deployment(settings)) as deployment:
            (found,) = check.look(deployment)
        return found.verdict, found.sentence, found.remedy

    def _deployment(self, settings: Mapping[str, str]) -> Deployment:
        environ = NAMED | {f"SENSOR_SCORING_{name}": value for name, value in settings.items()}
        return Deployment(environ, cast("Context", {}))

    def make_pool(self, **options: Any) -> None:
        """Make the pool as a run does, with differences."""
        spec = pool_spec(Settings.from_environ(NAMED))
        self.account.client.create_pool({**spec.request(spec.policy.formula()), **options})


@pytest.fixture
def ahead() -> timedelta:
    """How far the clock of Azure Batch is ahead of this machine's."""
    return timedelta()


@pytest.fixture
def looking(
    account_with: Callable[..., Account],
    storage: BlobStorage,
    ahead: timedelta,
    webhook: Webhook,  # noqa: ARG001  it takes the alerts
    monkeypatch: pytest.MonkeyPatch,
) -> Looking:
    """Run a deployment with a model, readings of the last hour, and the advised settings."""
    for name, value in {**FORK_SERVER, **PARSING, **HEARTBEATS}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "LocalExecutor")
    clock = ManualClock(datetime.now(UTC) + ahead) if ahead else SystemClock()
    account = account_with(clock=clock, runner=ScriptedRunner(succeed))
    model = TrainedModel(ModelRef("v1", "m.json", "0" * 64, "f"), None, None, 0, {})
    registry = Registry().publishing([TrainedSensor("1_4", "1", "4", model)])
    storage.container(Container.MODELS).upload_blob(layout.REGISTRY_BLOB, registry.to_json(), overwrite=True)
    blob = f"{layout.readings_prefix(RunHour.containing(datetime.now(UTC)).previous, '1_4')}0.csv"
    storage.container(Container.DATA).upload_blob(blob, "TS,Device,Tag,Value\n", overwrite=True)
    return Looking(account, storage)


def test_a_whole_deployment_lacks_nothing_and_stays_as_it_is(looking: Looking) -> None:
    """Every check is fine or says what it needs, trials wait to be told, and nothing was written."""
    before = {name: sorted(looking.storage.container(name).list_blob_names()) for name in Container}
    found = looking.look()
    assert {
        name for name, each in found.items() if [verdict for verdict, *_ in each] != [Verdict.FINE]
    } == TRIALS | UNNAMED
    assert all(found[name] == [(Verdict.SKIPPED, "not tried", "--try")] for name in TRIALS)
    assert all(found[name][0][0] is Verdict.SKIPPED for name in UNNAMED)
    assert before == {name: sorted(looking.storage.container(name).list_blob_names()) for name in Container}
    assert not list(looking.account.client.list_pools())


def test_a_setting_that_cannot_be_read_is_the_only_thing_said(looking: Looking) -> None:
    """The others wait for it."""
    found = looking.look({"MAX_NODES": "many"})
    ((verdict, sentence, _),) = found.pop("settings")
    assert verdict is Verdict.MISSING
    assert "SENSOR_SCORING_MAX_NODES" in sentence
    del found["Airflow's processes"]
    assert {verdict for each in found.values() for verdict, *_ in each} == {Verdict.SKIPPED}


def test_a_variable_that_no_setting_reads_is_a_warning(looking: Looking) -> None:
    """Misspelt, or called so by an earlier version: its value would be ignored without a word."""
    assert looking.look({"JUMP_RISE": "0.3", "ODDS": "1"})["settings"] == [
        (
            Verdict.WARNING,
            "SENSOR_SCORING_JUMP_RISE is no setting, and ignored",
            "SENSOR_SCORING_SPIKE_RISE=...",
        ),
        (Verdict.WARNING, "SENSOR_SCORING_ODDS is no setting, and ignored", "unset SENSOR_SCORING_ODDS"),
    ]


def test_a_connection_that_is_not_there_is_named_with_the_command_that_adds_it(looking: Looking) -> None:
    """What needs it waits."""
    found = looking.look({"BATCH_CONN_ID": "nowhere"})
    ((verdict, sentence, remedy),) = found["connections"]
    assert (verdict, sentence) == (Verdict.MISSING, "Airflow has no connection nowhere")
    assert remedy.startswith("airflow connections add nowhere --conn-type azure_batch ")
    assert found["pool"] == [(Verdict.SKIPPED, "waits for what is missing: batch account", "")]


def test_a_container_that_is_not_there_is_named_with_the_command_that_makes_it(looking: Looking) -> None:
    """The account's name is in the command."""
    verdict, sentence, remedy = looking.said("containers", LOGS_CONTAINER="not-there")
    assert (verdict, sentence) == (Verdict.MISSING, "the container not-there does not exist")
    assert remedy.endswith(" --name not-there")


def with_signature(looking: Looking, permissions: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Airflow reach storage with some rights only."""
    url, _, signature = looking.storage.signed_url(Container.DATA, permissions).partition("?")
    connection = {"conn_type": "wasb", "host": url.rpartition("/")[0], "extra": {"sas_token": signature}}
    monkeypatch.setenv("AIRFLOW_CONN_WASB_FOR_TESTS", json.dumps(connection))


DATA_ALONE = {f"{name.name}_CONTAINER": "data" for name in Container}


def test_a_right_to_list_that_is_missing_names_the_role(
    looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the command that assigns it."""
    with_signature(looking, "r", monkeypatch)
    verdict, sentence, remedy = looking.said("containers", **DATA_ALONE)
    assert verdict is Verdict.MISSING
    assert sentence.startswith("cannot list data: Blob Storage (connection wasb_for_tests) refused access (")
    assert "--role 'Storage Blob Data Contributor'" in remedy


def test_a_right_to_write_that_is_missing_is_found_by_trying(
    looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading alone looks well until then."""
    with_signature(looking, "rl", monkeypatch)
    assert looking.said("containers", **DATA_ALONE)[0] is Verdict.FINE
    verdict, sentence, remedy = looking.alone("writing", **DATA_ALONE)
    assert verdict is Verdict.MISSING
    assert "cannot write data/_preflight/" in sentence
    assert "--role 'Storage Blob Data Contributor'" in remedy


def test_writing_leaves_nothing(looking: Looking) -> None:
    """Each container gave the blob back."""
    assert looking.alone("writing")[0] is Verdict.FINE
    blobs = [blob for name in Container for blob in looking.storage.container(name).list_blob_names()]
    assert not [blob for blob in blobs if "_preflight" in blob]


def test_an_account_key_of_a_real_account_makes_no_signatures(
    looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence asks for an identity; nobody need be asked."""
    key = "QUJD" * 22
    connection = {
        "conn_type": "wasb",
        "login": "account",
        "password": key,
        "host": "https://account.blob.core.windows.net",
    }
    monkeypatch.setenv("AIRFLOW_CONN_WASB_FOR_TESTS", json.dumps(connection))
    with pytest.raises(SettingsError, match="holds an account key; give it an identity instead"):
        looking.alone("signatures")


def test_a_wrong_key_of_the_batch_account_names_the_role(
    looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever signs in with an identity has the same trouble for want of it."""
    extra = {"account_url": looking.account.emulator.endpoint}
    wrong = {"conn_type": "azure_batch", "login": "other", "password": "QUJD", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_BATCH_FOR_TESTS", json.dumps(wrong))
    verdict, sentence, remedy = looking.said("batch account")
    assert verdict is Verdict.MISSING
    assert "Azure Batch (connection batch_for_tests) refused access" in sentence
    assert "--role 'Azure Batch Data Contributor'" in remedy


@pytest.mark.parametrize(
    ("ahead", "verdict"),
    [
        pytest.param(timedelta(minutes=1), Verdict.WARNING, id="a-minute"),
        pytest.param(timedelta(minutes=20), Verdict.MISSING, id="twenty-minutes"),
    ],
)
def test_a_clock_that_is_wrong_is_said(looking: Looking, verdict: Verdict) -> None:
    """A little is a warning; what makes signatures invalid is not."""
    found, sentence, _ = looking.said("clock")
    assert found is verdict
    assert sentence.startswith("this machine's clock is ")


@pytest.mark.parametrize(
    ("image", "said"),
    [
        pytest.param({"NODE_IMAGE_SKU": "9999"}, "does not list", id="unknown"),
        pytest.param(
            {
                "NODE_IMAGE_PUBLISHER": "canonical",
                "NODE_IMAGE_OFFER": "ubuntu-24_04-lts",
                "NODE_IMAGE_SKU": "server",
            },
            "has no container runtime",
            id="without-containers",
        ),
    ],
)
def test_a_node_image_that_cannot_work_is_said(looking: Looking, image: dict[str, str], said: str) -> None:
    """Before a pool is made of it."""
    verdict, sentence, remedy = looking.said("node image", **image)
    assert verdict is Verdict.MISSING
    assert said in sentence
    assert remedy.startswith("az batch pool supported-images list")


@pytest.mark.parametrize("ahead", [datetime(2027, 3, 1, tzinfo=UTC) - datetime.now(UTC)], ids=["in-2027"])
def test_a_node_image_whose_support_ends_is_a_warning(looking: Looking) -> None:
    """Half a year before."""
    old = {"NODE_IMAGE_SKU": "2204", "NODE_AGENT_SKU": "batch.node.ubuntu 22.04"}
    verdict, sentence, _ = looking.said("node image", **old)
    assert verdict is Verdict.WARNING
    assert "ends on 2027-06-30" in sentence


def test_a_pool_with_an_identity_needs_the_accounts_id(looking: Looking) -> None:
    """Without it a run cannot make the pool."""
    verdict, sentence, remedy = looking.said("pool", NODE_IDENTITY=IDENTITY)
    assert verdict is Verdict.MISSING
    assert sentence == "there is no pool pool, and the Batch API makes none whose nodes have an identity"
    assert remedy.startswith("set SENSOR_SCORING_BATCH_ACCOUNT_ID")
    account = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/a"
    assert looking.alone("pool", NODE_IDENTITY=IDENTITY, BATCH_ACCOUNT_ID=account)[0] is Verdict.FINE


def test_a_pool_that_lacks_the_identity_is_said(looking: Looking) -> None:
    """Each Batch task would fail to sign in."""
    looking.make_pool()
    verdict, sentence, remedy = looking.said("pool", NODE_IDENTITY=IDENTITY)
    assert verdict is Verdict.MISSING
    assert sentence.startswith(f"the nodes of pool pool do not have the identity {IDENTITY}, ")
    assert remedy.startswith("az batch pool delete --pool-id pool")


def test_a_pool_that_runs_no_containers_is_said(looking: Looking) -> None:
    """It was made by somebody else, and cannot be changed."""
    looking.account.pool(nodes=0)
    verdict, sentence, _ = looking.said("pool")
    assert (verdict, sentence) == (Verdict.MISSING, "the nodes of pool pool run no containers")


def test_a_pool_of_another_image_is_a_warning(looking: Looking) -> None:
    """Its nodes fetch the right one later."""
    looking.make_pool()
    verdict, sentence, _ = looking.said("pool", SCORING_IMAGE="another:1")
    assert verdict is Verdict.WARNING
    assert "was made to fetch sensor-scoring:latest, and its Batch tasks run another:1" in sentence


def test_a_pool_that_lacks_a_mount_is_said(looking: Looking) -> None:
    """Each sensor would fail on its nodes."""
    looking.make_pool()
    found = looking.look({"DATA_MOUNT": "server:/export"})["pool"]
    (verdict, sentence, remedy), *others = found
    assert (verdict, others) == (Verdict.MISSING, [])
    assert sentence.startswith("pool pool does not mount server:/export at data")
    assert remedy.startswith("az batch pool delete --pool-id pool")


def test_the_formula_is_evaluated_on_the_live_pool_which_keeps_its_own(looking: Looking) -> None:
    """The result is shown."""
    looking.make_pool(autoScaleFormula="$TargetDedicatedNodes=0;")
    verdict, sentence, _ = looking.said("formula")
    assert verdict is Verdict.FINE
    assert sentence.startswith("pool pool accepts the formula: $TargetDedicatedNodes=0")
    assert looking.account.client.get_pool("pool").auto_scale_formula == "$TargetDedicatedNodes=0;"


def test_a_fixed_size_is_a_warning(looking: Looking) -> None:
    """It costs the same without work."""
    containers = {"type": "dockerCompatible", "containerImageNames": ["sensor-scoring:latest"]}
    machine = pool_spec(Settings()).node_image.request() | {"containerConfiguration": containers}
    looking.account.pool(nodes=0, virtualMachineConfiguration=machine)
    verdict, sentence, _ = looking.said("formula")
    assert (verdict, sentence) == (
        Verdict.WARNING,
        "pool pool has a fixed size: it costs the same without work",
    )


def test_without_a_model_there_is_the_command_that_trains(looking: Looking) -> None:
    """No registry, and a registry of nobody."""
    models = looking.storage.container(Container.MODELS)
    models.upload_blob(layout.REGISTRY_BLOB, Registry().to_json(), overwrite=True)
    assert looking.said("models")[::2] == (Verdict.MISSING, "airflow dags trigger train_models")
    models.delete_blob(layout.REGISTRY_BLOB)
    assert looking.said("models")[::2] == (Verdict.MISSING, "airflow dags trigger train_models")


def test_readings_that_stopped_are_a_warning_and_none_at_all_are_missing(looking: Looking) -> None:
    """The newest hour is named."""
    data = looking.storage.container(Container.DATA)
    for blob in list(data.list_blob_names()):
        data.delete_blob(blob)
    assert looking.said("readings")[0] is Verdict.MISSING
    data.upload_blob(f"{layout.readings_prefix(RunHour.parse('2018-08-29T02'), '1_4')}0.csv", "")
    verdict, sentence, _ = looking.said("readings")
    assert verdict is Verdict.WARNING
    assert sentence.startswith("the newest readings are of 2018-08-29T02, ")


def test_a_setting_of_airflow_that_a_wide_run_needs_is_named(
    looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that keeps a run from working is missing; one that makes it slow is a warning."""
    monkeypatch.setenv("AIRFLOW__CORE__MAX_MAP_LENGTH", "0")
    monkeypatch.setenv("AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL", "5")
    fatal, slow = looking.look()["Airflow's settings"]
    assert (fatal[0], fatal[2]) == (Verdict.MISSING, "AIRFLOW__CORE__MAX_MAP_LENGTH=1")
    assert (slow[0], slow[2]) == (Verdict.WARNING, "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL=1")


def test_alerts_that_reach_nobody_are_a_warning_and_a_wrong_channel_is_missing(looking: Looking) -> None:
    """The log alone wakes nobody; a word that is no channel is no setting."""
    assert looking.said("channels", NOTIFY="log")[0] is Verdict.WARNING
    verdict, sentence, _ = looking.said("settings", NOTIFY="pigeon")
    assert verdict is Verdict.MISSING
    assert "'pigeon' is no channel" in sentence


def test_a_channel_takes_a_message_or_says_why_not(looking: Looking, webhook: Webhook) -> None:
    """Only when told to try."""
    looking.look()
    assert webhook.bodies == []
    verdict, sentence, _ = looking.alone("messages")
    assert (verdict, sentence) == (Verdict.FINE, "apprise took a test message")
    assert webhook.bodies[0]["title"] == "Test message of the preflight"
    verdict, sentence, _ = looking.alone("messages", NOTIFY="apprise:nowhere")
    assert verdict is Verdict.MISSING
    assert sentence.startswith("apprise:nowhere: ")


def test_an_image_that_starts_is_fine(looking: Looking) -> None:
    """A Batch task of its own started in it, with nothing to score, and is gone."""
    verdict, sentence, _ = looking.alone("image")
    assert verdict is Verdict.FINE
    assert sentence.startswith("a node started sensor-scoring:latest in ")
    assert [job.id for job in looking.account.client.list_jobs() if job.state == "active"] == []
    assert list(looking.storage.container(Container.RUNS).list_blob_names()) == []


def test_an_image_that_cannot_be_pulled_is_missing(looking: Looking) -> None:
    """The service's own words say why; what needs the image waits."""
    looking.account.emulator.faults.fail_pulls("sensor-scoring:latest", times=None)
    found = looking.look(tries=True)
    ((verdict, sentence, remedy),) = found["image"]
    assert verdict is Verdict.MISSING
    assert sentence.startswith(
        "a node could not start the scorer in sensor-scoring:latest: ContainerInvalidImage"
    )
    assert remedy == "push the image under that name, and let the nodes pull it"
    assert found["one sensor"] == [(Verdict.SKIPPED, "waits for what is missing: image", "")]


def test_a_batch_task_that_scores_nothing_is_found_and_removed(looking: Looking) -> None:
    """It ended in success and left no report: that is not scored; nothing of it stays."""
    ((verdict, sentence, _),) = looking.look(tries=True)["one sensor"]
    assert verdict is Verdict.MISSING
    assert sentence.endswith("was not scored: the Batch task ended in success and left no report")
    assert [job.id for job in looking.account.client.list_jobs() if job.state == "active"] == []
    assert list(looking.storage.container(Container.RUNS).list_blob_names()) == []


def test_a_check_that_breaks_does_not_hide_the_others(
    looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so in its place."""
    monkeypatch.setattr("sensor_scoring.preflight.deployment.range_of_readings", lambda _: 1 / 0)
    found = looking.look()
    assert found["readings"] == [
        (Verdict.MISSING, "the check itself failed: ZeroDivisionError: division by zero", "")
    ]
    assert found["channels"][0][0] is Verdict.FINE
