"""Old jobs and blobs are removed, and nothing else; against the emulator and Azurite."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from scoring_contract import layout
from scoring_contract.hour import RunHour
from sensor_scoring.azure_batch.made_by import MADE_BY
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.setting_groups import HourlySettings, UpkeepSettings
from sensor_scoring.settings import Settings
from sensor_scoring.upkeep.housekeeping import tidy_blobs, tidy_records

if TYPE_CHECKING:
    from tests.sensor_scoring.conftest import Account

OLD, YOUNG = "scoring-20180829T02-0123456789-g2", "scoring-20180829T03-0123456789-g2"
SETTINGS = Settings(upkeep=UpkeepSettings(keep_jobs_days=7, keep_runs_days=90))


def tidy(account: Account) -> dict[str, int]:
    """Clean up the account's jobs."""
    jobs = account.hook.old_jobs(SETTINGS.job_prefixes)
    return jobs.tidy(now=account.hook.pools.service_time(), keep=SETTINGS.upkeep.keep_jobs)


def opened(account: Account, job: str) -> str:
    """Open a job as a run does."""
    base, _, generation = job.rpartition("-g")
    return account.hook.jobs.open(base, generation=int(generation), pool_id="pool")


def states(account: Account) -> dict[str, str]:
    """Return the states of all jobs."""
    return {job.id: str(job["state"]) for job in account.client.list_jobs()}


def test_ended_jobs_are_deleted_after_their_time(account: Account) -> None:
    """A job that ended eight days ago is deleted; one of six days stays, as do other people's."""
    # Without a pool: Azure Batch takes such jobs, and a week of samples need not be taken.
    ours = [opened(account, job) for job in (OLD, "training-20180829T03-0123456789-g2")]
    for job in (*ours, account.job("somebody-elses")):
        account.client.begin_terminate_job(job, {"terminateReason": "done"}, polling_interval=0)
    account.advance(days=2)
    opened(account, YOUNG)
    account.hook.jobs.close(YOUNG.removesuffix("-g2"))
    account.advance(days=6)
    assert tidy(account) == {"idle jobs ended": 0, "jobs deleted": 2}
    assert states(account) == {"somebody-elses": "completed", YOUNG: "completed"}


def test_only_idle_jobs_are_ended(account: Account) -> None:
    """A running task keeps its job, however old, and a young job may still get tasks."""
    account.pool()
    opened(account, OLD)
    opened(account, YOUNG)
    # Not by the product's own template: that task would have a time limit.
    account.client.create_task(YOUNG, {"id": "task", "commandLine": "sleep 600"})
    account.running("task", job=YOUNG)
    account.advance(hours=4)
    fresh = opened(account, "scoring-20180829T05-0123456789-g2")
    assert tidy(account) == {"idle jobs ended": 1, "jobs deleted": 0}
    assert states(account) == {OLD: "completed", YOUNG: "active", fresh: "active"}


@pytest.mark.parametrize(
    ("job", "metadata"),
    [
        pytest.param("training-llm-of-other-team", [MADE_BY], id="only-begins-like-ours"),
        pytest.param("scoring-20180829T02-0123456789-report", [MADE_BY], id="named-after-a-run"),
        pytest.param("scoring-b-20180829T02-0123456789-g2", [MADE_BY], id="of-another-deployment"),
        pytest.param("scoring-20189999T99-0123456789-g2", [MADE_BY], id="no-hour"),
        pytest.param(OLD, [], id="made-by-nobody-knows-whom"),
        pytest.param(OLD, [{"name": "made-by", "value": "somebody"}], id="made-by-somebody-else"),
    ],
)
def test_jobs_of_others_are_neither_ended_nor_deleted(account: Account, job: str, metadata) -> None:
    """A job is ours only if its id has our form and its metadata says that we made it."""
    # Without a pool: Azure Batch takes such a job, and a month of samples need not be taken.
    account.client.create_job({"id": job, "poolInfo": {"poolId": "pool"}, "metadata": metadata})
    account.advance(days=1)
    assert tidy(account) == {"idle jobs ended": 0, "jobs deleted": 0}
    account.client.begin_terminate_job(job, {"terminateReason": "done"}, polling_interval=0)
    account.advance(days=30)
    assert tidy(account) == {"idle jobs ended": 0, "jobs deleted": 0}
    assert states(account) == {job: "completed"}


@pytest.mark.usefixtures("storage")
def test_folders_of_old_runs_go_with_all_that_is_in_them() -> None:
    """Plans, reports and logs of long idle runs are deleted; a recent run stays complete."""
    store = BlobStore("wasb_for_tests")
    run, other = "tidy-20180829T02-0123456789", "tidy-b-20180829T02-0123456789"
    blobs = [f"{run}/{name}" for name in ("plan.json", "reports/j/t.json", *(f"m/{n}" for n in range(300)))]
    store.write_all("runs", dict.fromkeys([*blobs, f"{other}/read me", "_alerts/history.json"], "{}"))
    store.write("logs", f"{run}/j/t/stderr.txt", "")
    settings = Settings(hourly=HourlySettings(job_prefix="tidy"), upkeep=UpkeepSettings(keep_runs_days=90))
    now = datetime.now(UTC)
    assert tidy_blobs(store, settings, now=now + timedelta(days=89)) == {"runs": 0, "logs": 0}
    assert tidy_blobs(store, settings, now=now + timedelta(days=91)) == {"runs": 302, "logs": 1}
    assert store.folders("runs", "tidy") == [other]
    assert store.exists("runs", "_alerts/history.json")
    assert tidy_blobs(store, settings, now=now + timedelta(days=91)) == {"runs": 0, "logs": 0}


@pytest.mark.usefixtures("storage")
def test_records_of_hours_outlive_their_runs() -> None:
    """They go so long after they were written, be their hours as old as they may; nothing else goes."""
    store, settings = BlobStore("wasb_for_tests"), Settings(upkeep=UpkeepSettings(keep_history_days=730))
    records = [layout.hour_record_blob(RunHour.parse(hour)) for hour in ("1999-01-01T00", "2018-08-29T02")]
    others = ["scoring-20180829T02-0123456789/summary.json", "_alerts/history.json", "_hours.json"]
    store.write_all("runs", dict.fromkeys([*records, *others], "{}"))
    now = datetime.now(UTC)
    assert tidy_records(store, settings, now=now + timedelta(days=729)) == 0
    assert tidy_records(store, settings, now=now + timedelta(days=731)) == 2
    assert [store.exists("runs", blob) for blob in records] == [False, False]
    assert all(store.exists("runs", blob) for blob in others)
    for blob in others:
        store.discard("runs", blob)
