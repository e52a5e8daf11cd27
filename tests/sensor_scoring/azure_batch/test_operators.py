"""The operators against the emulator and Azurite; only Airflow's context is a stand-in."""

from __future__ import annotations

import inspect
import json
import textwrap
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import TaskDeferred
from azure.storage.blob import BlobClient

from scoring_contract.access import SignedBlobs
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.ids import AttemptId
from sensor_scoring.azure_batch.operators import AzureBatchSubmitOperator, AzureBatchTaskOperator
from sensor_scoring.azure_batch.pool.autoscale import AutoscalePolicy, Floor
from sensor_scoring.azure_batch.pool.spec import PoolSpec
from sensor_scoring.azure_batch.task_state import BatchTaskOutcome
from sensor_scoring.errors import (
    BatchTaskInterrupted,
    BatchTaskRejected,
    BatchUnreachable,
    JobEnded,
    SettingsError,
)
from sensor_scoring.hourly.sensor import PredictionBlobSensor
from sensor_scoring.hourly.settle import SettleOperator
from tests.support.tries import Try
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from local_stack.services.azurite import BlobStorage
    from sensor_scoring.azure_batch.grants import Blobs
    from sensor_scoring.azure_batch.task import Names
    from tests.sensor_scoring.conftest import Account

BATCH_CONN, WASB_CONN = "batch_for_tests", "wasb_for_tests"
JOB = "scoring-20180829T02-0123456789-g2"


def an_operator(script: str = "true", **options: Any) -> AzureBatchTaskOperator:
    """Make an operator that runs a shell script."""
    defaults = {
        "task_id": "score",
        "item": "1_4",
        "job_id": JOB,
        "command": ["/bin/sh", "-c", script],
        "azure_batch_conn_id": BATCH_CONN,
        "wasb_conn_id": WASB_CONN,
    }
    return AzureBatchTaskOperator(**{**defaults, **options})


def name_of(attempt: int, *, epoch: int = 2, item: str = "1_4") -> str:
    """Return the Batch task id of an attempt."""
    return str(AttemptId(ids.group_key(item), epoch, attempt))


def deferred(operator: AzureBatchTaskOperator, tried: Try) -> str:
    """Execute a try that must defer; return the Batch task it waits for."""
    with pytest.raises(TaskDeferred) as caught:
        operator.execute(tried.begin())
    return str(caught.value.trigger.batch_task_id)


def outcome_of(account: Account, batch_task_id: str) -> dict[str, Any]:
    """Wait for a Batch task; return the event that a trigger would send."""
    account.ended(batch_task_id)
    task = account.client.get_task(JOB, batch_task_id)
    return {"job_id": JOB, "batch_task_id": batch_task_id, "outcome": BatchTaskOutcome.of(task).to_event()}


def tasks(account: Account) -> list[str]:
    """Return the Batch tasks of the job."""
    return sorted(task.id for task in account.client.list_tasks(JOB))


def test_a_first_try_submits_and_leaves_the_worker(ready: Account) -> None:
    """No worker waits for a node."""
    assert deferred(an_operator(), Try()) == name_of(0)
    assert tasks(ready) == [name_of(0)]


def test_a_task_that_was_submitted_before_is_found(ready: Account) -> None:
    """The instance waits for the Batch task that the bulk submission created."""
    submit = AzureBatchSubmitOperator(
        task_id="submit",
        items=["1_4", "1_5"],
        epoch=2,
        generation=2,
        job_id=JOB,
        command=["/bin/sleep", "60"],
        azure_batch_conn_id=BATCH_CONN,
        retries=2,
    )
    assert submit.execute(Try().begin()) == 2
    assert deferred(an_operator(), Try()) == name_of(0)
    assert tasks(ready) == sorted([name_of(0), name_of(0, item="1_5")])


@pytest.mark.usefixtures("storage")
def test_the_first_hundred_are_submitted_before_the_next_are_looked_up(ready: Account) -> None:
    """Nodes begin with them meanwhile, and a fleet of thousands is never held in memory as a whole."""
    there = []

    class Counting(AzureBatchSubmitOperator):
        """Counts the Batch tasks that are there when blobs are looked up."""

        def blobs_for_all(self, names: Sequence[Names]) -> list[Blobs]:
            """Count, then look them up."""
            there.append(len(tasks(ready)))
            return super().blobs_for_all(names)

    submit = Counting(
        task_id="submit",
        items=[f"1_{number}" for number in range(250)],
        job_id=JOB,
        command="true",
        azure_batch_conn_id=BATCH_CONN,
        wasb_conn_id=WASB_CONN,
        containers={"DATA_URL": "data:r"},
        blobs={"DATA_URL": {"in/{item}.csv": "r"}},
        retries=2,
    )
    assert submit.execute(Try().begin()) == 250
    assert there == [0, 100, 200]
    assert len(tasks(ready)) == 250


@pytest.mark.parametrize(
    ("tried", "job"),
    [
        pytest.param(Try(max_tries=5), JOB, id="submit-was-cleared"),
        pytest.param(Try(), JOB.replace("g2", "g5"), id="open-was-cleared"),
    ],
)
def test_a_cleared_run_submits_nothing_in_bulk(ready: Account, tried: Try, job: str) -> None:
    """Only the instances know what must run again."""
    submit = AzureBatchSubmitOperator(
        task_id="submit",
        items=["1_4"],
        epoch=2,
        generation=2,
        job_id=job,
        command="true",
        azure_batch_conn_id=BATCH_CONN,
        retries=2,
    )
    assert submit.execute(tried.begin()) == 0
    assert tasks(ready) == []


@pytest.mark.behaviour("airflow-dies")
def test_a_retry_waits_for_the_task_that_still_runs(ready: Account) -> None:
    """The worker died, but not the Batch task: nothing is scored twice."""
    tried = Try()
    assert deferred(an_operator("sleep 60"), tried) == deferred(an_operator("sleep 60"), tried)
    assert tasks(ready) == [name_of(0)]


@pytest.mark.behaviour("adopted")
def test_a_retry_takes_a_success_as_it_is(ready: Account) -> None:
    """If the task succeeded meanwhile, nothing is waited for or repeated."""
    tried = Try()
    deferred(an_operator(), tried)
    ready.ended(name_of(0))
    an_operator().execute(tried.begin())
    assert tasks(ready) == [name_of(0)]


@pytest.mark.behaviour("passing-cause")
def test_a_failure_is_said_once_and_then_tried_again(ready: Account) -> None:
    """First it is raised with the end of the output; then the retry creates the next attempt."""
    tried = Try()
    deferred(an_operator("echo the disk is gone >&2; exit 7"), tried)
    event = outcome_of(ready, name_of(0))
    with pytest.raises(BatchTaskInterrupted) as caught:
        an_operator().execute_complete(tried.context(), event)
    assert caught.value.exit_code == 7
    assert caught.value.reason == "its process ended with exit code 7: the disk is gone"
    assert tried.pushed["failure"] == {"item": "1_4", "reason": caught.value.reason}
    assert deferred(an_operator(), tried) == name_of(1)


@pytest.mark.behaviour("pool-trouble")
def test_an_image_that_cannot_be_pulled_is_named_at_once(account: Account) -> None:
    """The instance fails with the service's words, since a retry would pull the same image."""
    policy = AutoscalePolicy(max_nodes=1, slots_per_node=1)
    spec = PoolSpec(pool_id="pool", vm_size="standard_d2s_v5", policy=policy, image="tools:1")
    floor = Floor(1, account.hook.pools.service_time() + timedelta(minutes=10))
    account.hook.pools.ensure(spec, floor=floor)
    account.job()
    account.emulator.faults.fail_pulls("tools:1", code="ContainerInvalidImage", message="manifest unknown")
    tried = Try()
    event = outcome_of(account, deferred(an_operator(image="tools:1"), tried))
    with pytest.raises(BatchTaskRejected, match="ContainerInvalidImage: manifest unknown"):
        an_operator().execute_complete(tried.context(), event)


def without_nodes(account: Account) -> None:
    """Remove all nodes of the pool, and with them the files of their tasks."""
    nodes = [node.id for node in account.client.list_nodes("pool")]
    account.client.begin_remove_nodes("pool", {"nodeList": nodes})
    until(lambda: not list(account.client.list_nodes("pool")))


def test_what_it_printed_is_read_from_the_log_container_once_the_node_is_gone(
    ready: Account, storage: BlobStorage
) -> None:
    """Scaling in removes a node's files; the copies stay."""
    assert storage.container("logs").exists()
    tried, options = Try(), {"log_container": "logs", "log_folder": "{run}/{job}/{task}"}
    event = outcome_of(ready, deferred(an_operator("echo the last words >&2; exit 5", **options), tried))
    without_nodes(ready)
    with pytest.raises(BatchTaskInterrupted, match="the last words"):
        an_operator(**options).execute_complete(tried.context(), event)


def test_a_log_that_cannot_be_read_hides_no_failure(
    ready: Account, storage: BlobStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How the Batch task ended matters; its output only helps."""
    tried = Try()
    options: dict[str, Any] = {"log_container": "logs", "permanent_exit_codes": [3]}
    event = outcome_of(ready, deferred(an_operator("exit 3", **options), tried))
    without_nodes(ready)
    wrong = storage.connection_string.replace("AccountKey=", "AccountKey=AAAA")
    connection = {"conn_type": "wasb", "extra": {"connection_string": wrong}}
    monkeypatch.setenv(f"AIRFLOW_CONN_{WASB_CONN.upper()}", json.dumps(connection))
    with pytest.raises(BatchTaskRejected, match="exit code 3"):
        an_operator(**options).execute_complete(tried.context(), event)


@pytest.mark.behaviour("airflow-dies")
def test_a_failure_that_nobody_saw_is_raised_before_the_next_attempt(ready: Account) -> None:
    """After the triggerer died, a retry reports the failed task, and the next try starts another."""
    tried = Try()
    deferred(an_operator("kill -KILL $$"), tried)
    ready.ended(name_of(0))
    with pytest.raises(BatchTaskInterrupted, match="killed by SIGKILL"):
        an_operator().execute(tried.begin())
    assert tasks(ready) == [name_of(0)]
    assert deferred(an_operator(), tried) == name_of(1)


@pytest.mark.behaviour("permanent-cause")
def test_a_permanent_cause_is_told_from_a_passing_one(ready: Account) -> None:
    """The reason is the scorer's sentence, and the retry table fails the instance at once."""
    tried = Try()
    operator = an_operator("echo '1_4: there is no model' >&2; exit 3", permanent_exit_codes=[3])
    deferred(operator, tried)
    with pytest.raises(BatchTaskRejected) as caught:
        operator.execute_complete(tried.context(), outcome_of(ready, name_of(0)))
    assert caught.value.reason == "1_4: there is no model"


@pytest.mark.behaviour("cleared")
def test_a_clear_scores_again_and_ends_what_it_replaces(ready: Account) -> None:
    """A new epoch gets a new Batch task even after success, and the old one is terminated."""
    tried = Try()
    deferred(an_operator("sleep 60"), tried)
    ready.running(name_of(0))
    tried.clear()
    assert deferred(an_operator(), tried) == name_of(0, epoch=5)
    ready.ended(name_of(0))


@pytest.mark.parametrize(
    "again", [Try.clear, lambda _: None], ids=["cleared-with-what-opens-the-job", "tried-again"]
)
def test_an_instance_that_goes_on_in_another_job_leaves_nothing_in_the_one_before(
    ready: Account, again: Callable[[Try], None]
) -> None:
    """A first try left no note, so the next one looks at all open jobs of its run."""
    tried, other = Try(), JOB.replace("g2", "g5")
    deferred(an_operator("sleep 60"), tried)
    ready.running(name_of(0))
    assert not tried.stored
    ready.job(other)
    again(tried)
    deferred(an_operator(job_id=other), tried)
    ready.ended(name_of(0))


def test_a_try_that_has_nothing_to_say_does_not_touch_the_store(ready: Account) -> None:
    """Every access is an Execution API call, for every sensor of every hour."""
    tried = Try()
    name = deferred(an_operator(), tried)
    ready.ended(name)
    an_operator().execute_complete(tried.context(), outcome_of(ready, name))
    assert (tried.looks, tried.stored) == (0, {})


def test_a_clear_ends_the_live_task_in_the_job_before(ready: Account) -> None:
    """After the clear opened another job, nobody would wait for the task in the old one."""
    tried, other = Try(), JOB.replace("g2", "g5")
    deferred(an_operator("sleep 60"), tried)
    ready.running(name_of(0))
    ready.job(other)
    tried.clear()
    deferred(an_operator(job_id=other), tried)
    ready.ended(name_of(0))


@pytest.mark.behaviour("marked")
def test_killing_the_worker_ends_its_own_batch_task(ready: Account) -> None:
    """Between submission and deferral, the worker is what gets killed."""
    operator = an_operator("sleep 60")
    deferred(operator, Try())
    ready.add("sibling", "sleep 60")
    ready.running(name_of(0))
    operator.on_kill()
    ready.ended(name_of(0))
    assert ready.state("sibling") != "completed"


def test_success_needs_its_commit_marker(ready: Account, storage: BlobStorage) -> None:
    """A task with exit code 0 but no report has not succeeded."""
    tried = Try()
    options = {"commit_container": "runs", "commit_blob": "{run}/reports/{job}/{task}.json"}
    deferred(an_operator(**options), tried)
    ready.ended(name_of(0))
    with pytest.raises(BatchTaskInterrupted, match="is not there"):
        an_operator(**options).execute(tried.begin())
    tried = Try()
    report = f"scoring-20180829T02-0123456789/reports/{JOB}/{name_of(0)}.json"
    storage.container("runs").upload_blob(report, b"{}", overwrite=True)
    an_operator(**options).execute(tried.begin())


@pytest.mark.behaviour("cleared")
def test_a_job_that_is_over_is_followed_by_another(ready: Account) -> None:
    """A cleared instance opens the next job by itself, and its siblings join it."""
    ready.hook.jobs.close("scoring-20180829T02-0123456789")
    first, second = Try(), Try()
    assert deferred(an_operator(), first) == name_of(0)
    deferred(an_operator(item="2_1"), second)
    jobs = {job.id: job for job in ready.client.list_jobs()}
    assert set(jobs) == {JOB, f"{JOB}-1"}
    assert jobs[f"{JOB}-1"]["poolInfo"]["poolId"] == "pool"
    assert len(list(ready.client.list_tasks(f"{JOB}-1"))) == 2
    assert first.stored["batch"]["job"] == f"{JOB}-1", "a retry attaches there"


def test_a_job_is_followed_by_one_like_it(ready: Account) -> None:
    """The next job keeps the priority of a backfill, and its own end if nobody closes it."""
    jobs = ready.hook.jobs
    opened = jobs.open(
        "scoring-x", generation=2, pool_id="pool", priority=-100, wall_clock=timedelta(hours=3)
    )
    jobs.close("scoring-x")
    assert jobs.reopen(opened) == (f"{opened}-1", True)
    assert jobs.reopen(opened) == (f"{opened}-1", False)
    like = ready.client.get_job(f"{opened}-1")
    assert like["priority"] == -100
    assert like.constraints.max_wall_clock_time == timedelta(hours=3)


def test_a_job_that_is_gone_is_followed_where_its_pool_is_known(ready: Account) -> None:
    """Housekeeping deletes jobs after some days, and the hour can still be repaired."""
    gone = JOB.replace("g2", "g7")
    with pytest.raises(JobEnded, match="clear this task"):
        ready.hook.jobs.reopen(gone)
    assert ready.hook.jobs.reopen(gone, pool_id="pool") == (gone, True)


def test_a_job_of_somebody_else_that_is_over_fails_at_once(ready: Account) -> None:
    """It is not ours to name its successor."""
    ready.job("theirs")
    with pytest.raises(JobEnded):
        ready.hook.jobs.reopen("theirs")


def test_dags_test_resumes_what_the_trigger_has_ended() -> None:
    """It passes the state's name; any other word is not a result."""
    an_operator().execute_complete(Try().context(), "success")
    with pytest.raises(BatchUnreachable):
        an_operator().execute_complete(Try().context(), "failed")
    with pytest.raises(BatchUnreachable, match="no longer exists"):
        an_operator().execute_complete(
            Try().context(), {"job_id": JOB, "batch_task_id": "t", "error": "Batch job j no longer exists"}
        )


def test_the_task_finds_its_containers_and_leaves_its_logs(ready: Account, storage: BlobStorage) -> None:
    """The environment has a signature per container, and the output is copied to the log container."""
    operator = an_operator(
        'echo "for {item} of {run}: ${DATA_URL%%\\?*}"',
        containers={"DATA_URL": "data:r"},
        log_container="logs",
    )
    deferred(operator, Try())
    ready.ended(name_of(0))
    folder = f"scoring-20180829T02-0123456789/{JOB}/{name_of(0)}"
    text = storage.container("logs").download_blob(f"{folder}/stdout.txt").readall().decode()
    assert text == f"for 1_4 of scoring-20180829T02-0123456789: {storage.url}/data\n"


def test_without_a_job_the_instances_share_one_of_their_own(ready: Account) -> None:
    """The task has one job per DAG run, which a cleared instance shares with its siblings."""
    tried = Try()

    def waited_for(item: str) -> str:
        return deferred(an_operator("sleep 60", item=item, job_id="", pool_id="pool"), tried)

    assert {waited_for("one"), waited_for("two")} == {name_of(0, item="one"), name_of(0, item="two")}
    (job,) = [job.id for job in ready.client.list_jobs() if job.id != JOB]
    assert job.startswith("dag-")
    assert job.endswith("-g0")
    tried.clear()
    waited_for("one")
    names = sorted(task.id for task in ready.client.list_tasks(job))
    assert names == sorted([name_of(0, item="one"), name_of(0, item="two"), name_of(0, epoch=5, item="one")])


@pytest.mark.parametrize(
    "places", [{"job_id": "", "pool_id": ""}, {"job_id": JOB, "pool_id": "pool"}], ids=["neither", "both"]
)
def test_job_and_pool_are_a_choice(places) -> None:
    """With both given, nobody should have to guess which was meant."""
    with pytest.raises(ValueError, match="score: give either job_id or pool_id"):
        an_operator(**places).execute(Try().begin())


def test_the_example_in_the_docstring_is_a_dag() -> None:
    """Copied as it is, it gives one mapped task after its pool."""
    text = inspect.getdoc(AzureBatchTaskOperator) or ""
    block = textwrap.dedent(text.split("whole DAG::", maxsplit=1)[1].split("On a laptop", maxsplit=1)[0])
    seen: dict[str, Any] = {}
    named = block.replace("schedule=None):", "schedule=None) as dag:")
    exec(named, seen)  # noqa: S102  our own documentation
    task = seen["dag"].get_task("convert")
    assert task.is_mapped
    assert task.upstream_task_ids == {"pool"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"poll_seconds": float("nan")}, "poll_seconds is nan; it must be 0.05 to 3,600"),
        ({"poll_seconds": float("inf")}, "poll_seconds is inf"),
        ({"poll_seconds": 0}, "poll_seconds is 0"),
        ({"poll_seconds": "15"}, "poll_seconds is '15'"),
        ({"required_slots": 0}, "required_slots is 0; it must be 1 to 256"),
        ({"max_wall_clock": timedelta(0)}, "max_wall_clock in seconds is 0.0; it must be 1 to 604,800"),
        ({"max_wall_clock": timedelta(days=8)}, "max_wall_clock in seconds is 691200.0"),
        ({"job_wall_clock": timedelta(seconds=-1)}, "job_wall_clock in seconds is -1.0"),
    ],
)
def test_a_number_that_cannot_work_is_refused_before_anything_is_asked_of_batch(options, said) -> None:
    """Polling without a pause would flood the service; an infinite one would wait forever."""
    with pytest.raises(SettingsError) as refused:
        an_operator(**options).execute(Try().begin())
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    "check",
    [
        PredictionBlobSensor(task_id="confirm", plan_blob="p", wait_seconds=float("inf")),
        PredictionBlobSensor(task_id="confirm", plan_blob="p", poll_seconds=float("nan")),
        SettleOperator(task_id="settle", lateness_minutes=float("nan")),
        SettleOperator(task_id="settle", lateness_minutes=-5),
    ],
    ids=["wait", "poll", "lateness", "negative"],
)
def test_what_waits_refuses_such_numbers_too(check) -> None:
    """A wait must end."""
    with pytest.raises(SettingsError, match="it must be"):
        check.execute(Try().begin())


def test_a_task_may_get_single_blobs_of_a_container(ready: Account, storage: BlobStorage) -> None:
    """Their names have placeholders, and a variable holds a signature for each in place of the URL."""
    storage.container("data").upload_blob("in/1_4.csv", b"mine")
    operator = an_operator(containers={"DATA_URL": "data:r"}, blobs={"DATA_URL": {"in/{item}.csv": "r"}})
    deferred(operator, Try())
    (variable,) = ready.client.get_task(JOB, name_of(0)).environment_settings
    assert variable.name == "DATA_BLOBS"
    signed = SignedBlobs.from_text(variable.value, name=variable.name)
    with BlobClient.from_blob_url(f"{signed.url}/in/1_4.csv?{signed.signatures['in/1_4.csv']}") as blob:
        assert blob.download_blob().readall() == b"mine"


def test_who_cannot_sign_for_a_blob_passes_its_container_on(
    ready: Account, storage: BlobStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that is a signature can be no less, and an identity of the nodes needs none."""
    connection = {
        "conn_type": "wasb",
        "login": storage.name,
        "host": storage.url,
        "extra": {"sas_token": "sv=1&sig=x"},
    }
    monkeypatch.setenv(f"AIRFLOW_CONN_{WASB_CONN.upper()}", json.dumps(connection))
    narrow: dict[str, Any] = {
        "containers": {"DATA_URL": "data:r"},
        "blobs": {"DATA_URL": {"in/{item}.csv": "r"}},
    }
    deferred(an_operator(**narrow), Try())
    deferred(an_operator(**narrow, node_identity="/identities/i", item="1_5"), Try())
    values = [
        variable.value
        for item in ("1_4", "1_5")
        for variable in ready.client.get_task(JOB, name_of(0, item=item)).environment_settings
    ]
    assert values == [f"{storage.url}/data?sv=1&sig=x", f"{storage.url}/data"]
