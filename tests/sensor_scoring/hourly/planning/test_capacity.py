"""Announcing load to the pool and withdrawing it, through the real SDK against the emulator."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.batch import models

from azure_batch_emulator.clock import SystemClock
from scoring_contract import layout
from scoring_contract.hour import RunHour
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.pool.autoscale import Floor
from sensor_scoring.azure_batch.pool.keeper import PoolKeeper
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.errors import SettingsError
from sensor_scoring.hourly.planning.capacity import (
    announce_hour,
    policy_of,
    pool_spec,
    prepare_pool,
    release_pool,
)
from sensor_scoring.hourly.planning.plan import Plan
from sensor_scoring.setting_groups import AutoscaleSettings, HourlySettings, PoolSettings
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sensor_scoring.conftest import Account


BASE = "scoring-20180829T02-0123456789"
SETTINGS = Settings(
    autoscale=AutoscaleSettings(max_nodes=10), pool=PoolSettings(slots_per_node=4, pool_id="pool")
)
NOW = datetime(2026, 3, 4, 10, 50, tzinfo=UTC)


def floor_of(account: Account) -> Floor | None:
    """Return the load that is announced to the pool."""
    formula = account.client.get_pool("pool")["autoScaleFormula"]
    return Floor.of_formula(formula, now=account.hook.pools.service_time())


def test_what_a_run_announced_goes_with_the_run(account: Account) -> None:
    """Nodes for fifteen tasks are held while it works, and released when it is closed."""
    prepare_pool(account.hook, pool_spec(SETTINGS), SETTINGS, batch_tasks=15)
    account.job(f"{BASE}-g2")
    held = floor_of(account)
    assert held is not None
    assert held.nodes == 4
    account.advance(minutes=1)
    account.hook.jobs.close(BASE)
    release_pool(account.hook, pool_spec(SETTINGS), base=BASE)
    assert floor_of(account) is None
    account.advance(minutes=5)
    assert account.client.get_pool("pool")["targetDedicatedNodes"] == 0


def test_another_run_keeps_what_is_announced(account: Account) -> None:
    """Of two runs on one pool, the first to end must not take the other's nodes."""
    prepare_pool(account.hook, pool_spec(SETTINGS), SETTINGS, batch_tasks=15)
    account.job("scoring-20180829T03-0123456789-g2")
    account.advance(minutes=1)
    release_pool(account.hook, pool_spec(SETTINGS), base=BASE)
    assert floor_of(account) is not None


def test_what_is_announced_while_another_run_gives_back_stays(account: Account) -> None:
    """A run that announces after another has seen no one else there keeps its load."""
    spec = pool_spec(SETTINGS)
    prepare_pool(account.hook, spec, SETTINGS, batch_tasks=15)
    account.advance(minutes=1)
    seen: list[list[str]] = []

    def in_use() -> bool:
        seen.append(account.hook.jobs.active("pool"))
        if len(seen) == 1:
            account.job("scoring-20180829T03-0123456789-g2")
            prepare_pool(account.hook, spec, SETTINGS, batch_tasks=20)
        return bool(seen[-1])

    assert not account.hook.pools.release(spec, in_use=in_use)
    assert [len(jobs) for jobs in seen] == [0, 1]
    floor = floor_of(account)
    assert floor is not None
    assert floor.nodes == 5


def test_two_runs_that_announce_at_once_are_both_heard(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second read the pool before the first announced, and reads it again."""
    spec = pool_spec(SETTINGS)
    prepare_pool(account.hook, spec, SETTINGS, batch_tasks=4)
    account.advance(minutes=1)
    check = PoolKeeper.check_formula

    def interrupted(pools: PoolKeeper, pool_id: str, formula: str) -> str:
        monkeypatch.setattr(PoolKeeper, "check_formula", check)
        prepare_pool(account.hook, spec, SETTINGS, batch_tasks=20)
        account.advance(minutes=1)  # the service takes one formula in half a minute
        return check(pools, pool_id, formula)

    monkeypatch.setattr(PoolKeeper, "check_formula", interrupted)
    prepare_pool(account.hook, spec, SETTINGS, batch_tasks=12)
    floor = floor_of(account)
    assert floor is not None
    assert floor.nodes == 5


def test_an_announcement_waits_for_the_service(account_with: Callable[..., Account]) -> None:
    """The service requires a pause between two formulas; withdrawing does not wait for it."""
    account = account_with(clock=SystemClock(), enable_interval=timedelta(seconds=1.5))
    spec = pool_spec(SETTINGS)
    for batch_tasks in (4, 8, 20):  # the first comes with the new pool
        prepare_pool(account.hook, spec, SETTINGS, batch_tasks=batch_tasks)
    floor = floor_of(account)
    assert floor is not None
    assert floor.nodes == 5
    assert not account.hook.pools.release(spec, in_use=lambda: False)
    assert floor_of(account) is not None


def test_a_pool_that_never_stands_still_keeps_what_is_announced(account: Account) -> None:
    """After a few looks it is left alone: idle nodes for minutes cost less than a waiting run."""
    spec = pool_spec(SETTINGS)
    prepare_pool(account.hook, spec, SETTINGS, batch_tasks=15)
    account.advance(minutes=1)
    looks = []

    def in_use() -> bool:
        looks.append(1)
        account.client.update_pool(
            "pool",
            models.BatchPoolUpdateOptions(
                metadata=[models.BatchMetadataItem(name="look", value=str(len(looks)))]
            ),
        )
        return False

    assert not account.hook.pools.release(spec, in_use=in_use)
    assert len(looks) == 5
    assert floor_of(account) is not None


def test_a_pool_that_is_gone_or_of_fixed_size_has_nothing_to_give_back(account: Account) -> None:
    """A run still ends well."""
    release_pool(account.hook, pool_spec(SETTINGS), base=BASE)
    account.pool(nodes=2)
    release_pool(account.hook, pool_spec(SETTINGS), base=BASE)
    assert account.client.get_pool("pool")["targetDedicatedNodes"] == 2


@pytest.mark.parametrize("policy", ["keep-warm", "reactive"])
def test_only_run_aware_pools_are_told(account: Account, policy: str) -> None:
    """With the other policies a run announces nothing."""
    settings = Settings(
        pool=PoolSettings(pool_id="pool"), autoscale=AutoscaleSettings(autoscale_policy=policy)
    )
    prepare_pool(account.hook, pool_spec(settings), settings, batch_tasks=15)
    assert floor_of(account) is None


def test_settings_choose_the_policy() -> None:
    """Warm nodes around the time when readings are complete; Spot nodes if wanted."""
    warm = policy_of(
        Settings(
            autoscale=AutoscaleSettings(autoscale_policy="keep-warm", keep_warm_minutes=10),
            hourly=HourlySettings(lateness_minutes=5),
        )
    ).warm
    assert warm is not None
    assert (warm.nodes, warm.opens, warm.closes) == (4, 55, 15)
    spot = policy_of(Settings(autoscale=AutoscaleSettings(spot=True, dedicated_nodes=2)))
    assert (spot.spot, spot.dedicated_nodes, spot.is_announced, spot.warm) == (True, 2, True, None)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"autoscale_policy": "magic"}, "must be one of"), ({"prewarm_minutes": 60}, "0 to 59")],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any], said: str) -> None:
    """When the DAG is parsed, not when the hour comes."""
    with pytest.raises(SettingsError, match=said):
        AutoscaleSettings(**wrong)


@pytest.mark.parametrize(
    ("autoscale", "schedule"),
    [
        (AutoscaleSettings(prewarm_minutes=10), "55 * * * *"),
        (AutoscaleSettings(prewarm_minutes=3), "2 * * * *"),
        (AutoscaleSettings(), ""),
        (AutoscaleSettings(prewarm_minutes=10, autoscale_policy="reactive"), ""),
    ],
)
def test_pool_is_warmed_so_long_before_the_work_comes(autoscale: AutoscaleSettings, schedule: str) -> None:
    """Work starts when readings are complete, some minutes after the hour."""
    settings = Settings(autoscale=autoscale, hourly=HourlySettings(lateness_minutes=5.0))
    assert settings.prewarm_schedule == schedule


def write_plan(hour: str, *, groups: int, prefix: str, run: str = "0123456789") -> None:
    """Write the plan of a run."""
    base = ids.hour_prefix(prefix, RunHour.parse(hour)) + run
    plan = Plan(
        hour=RunHour.parse(hour),
        run=base,
        planned_at=f"2026-03-04T09:05:0{groups % 10}.000000Z",
        groups={f"s{number}": (f"s{number}",) for number in range(groups)},
        silent=(),
        unmodelled=(),
    )
    BlobStore("wasb_for_tests").write("runs", layout.plan_blob(base), plan.to_json())


@pytest.mark.usefixtures("storage")
def test_coming_hour_is_announced_as_large_as_the_last(account: Account) -> None:
    """Of the newest planned hour's runs, the largest plan counts: a backfill may have packed its sensors."""
    write_plan("2026-03-04T07", groups=40, prefix="warm")
    write_plan("2026-03-04T08", groups=9, prefix="warm")
    write_plan("2026-03-04T08", groups=1, prefix="warm", run="aaaaaaaaaa")
    settings = replace(
        SETTINGS,
        hourly=HourlySettings(job_prefix="warm"),
        autoscale=AutoscaleSettings(max_nodes=10, prewarm_minutes=10, floor_minutes=15),
    )
    assert announce_hour(account.hook, BlobStore("wasb_for_tests"), settings, now=NOW) == 9
    floor = floor_of(account)
    assert floor is not None
    assert (floor.nodes, floor.until) == (3, account.hook.pools.service_time() + timedelta(minutes=25))


@pytest.mark.usefixtures("storage")
def test_nothing_is_announced_when_nothing_was_planned(account: Account) -> None:
    """A fleet that has been silent for hours gets neither nodes nor a pool."""
    write_plan("2026-03-03T20", groups=40, prefix="cold")
    settings = replace(SETTINGS, hourly=HourlySettings(job_prefix="cold"))
    assert announce_hour(account.hook, BlobStore("wasb_for_tests"), settings, now=NOW) == 0
    assert list(account.client.list_pools()) == []
