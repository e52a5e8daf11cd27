"""A pool that is stuck while no run asks: told of once, and cured; real Batch, Blob Storage and webhook."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest

from azure_batch_emulator.runner.scripted import ScriptedRunner
from scoring_contract.errors import MessageError
from scoring_contract.layout import Container
from sensor_scoring.azure_batch.pool.autoscale import Floor
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.errors import AlertUndelivered
from sensor_scoring.hourly.planning.capacity import pool_spec
from sensor_scoring.pool_watch.cure import Action, Cure
from sensor_scoring.pool_watch.ledger import Ledger
from sensor_scoring.pool_watch.step import watch_pools
from sensor_scoring.setting_groups import (
    AlertSettings,
    ConnectionSettings,
    PoolSettings,
    PoolWatchSettings,
)
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import Context

    from local_stack.services.azurite import BlobStorage
    from tests.sensor_scoring.conftest import Account
    from tests.support.receivers import Webhook

SETTINGS = Settings(
    alerts=AlertSettings(notify="apprise"),
    connections=ConnectionSettings(batch_conn_id="batch_for_tests", wasb_conn_id="wasb_for_tests"),
    pool=PoolSettings(pool_id="pool"),
)
ONLY_TOLD = replace(SETTINGS, pool_watch=PoolWatchSettings(pool_cures_a_day=0))
LEDGER = "_pools/pool.json"


@dataclass
class LookingRun:
    """A run of the DAG, as a task sees it."""

    run_id: str
    dag_id: str = "pool_watch"


def a_context(run_id: str) -> Context:
    """Return what the task of a look knows."""
    return cast("Context", {"dag_run": LookingRun(run_id)})


class Watch:
    """A pool of ours, and looks at it every ten minutes."""

    def __init__(self, account: Account, webhook: Webhook) -> None:
        self.account = account
        self._webhook = webhook
        self._looks = 0

    def make(self, *, nodes: int = 2, hours: float = 6) -> None:
        """Make the pool as a run does that announces so many nodes for so long."""
        until = self.account.hook.pools.service_time() + timedelta(hours=hours)
        self.account.hook.pools.ensure(pool_spec(SETTINGS), floor=Floor(nodes, until))
        self.account.advance(minutes=1)

    def look(self, settings: Settings = SETTINGS, *, minutes: float = 10) -> list[list[str]]:
        """Let time pass, and look; return the lines of each message, without those on where to look."""
        self.account.advance(minutes=minutes)
        self._looks += 1
        self._webhook.bodies.clear()
        watch_pools(a_context(f"look-{self._looks}"), settings)
        self.account.advance(seconds=1)
        bodies = self._webhook.bodies
        return [[body["title"], *body["message"].splitlines()[:-1]] for body in bodies]

    def states(self) -> dict[str, str]:
        """Return the states of the nodes, by id."""
        return {node.id: str(node.state.value) for node in self.account.client.list_nodes("pool")}

    def ledger(self) -> Ledger:
        """Return what was done."""
        return Ledger.from_json(BlobStore("wasb_for_tests").read(Container.RUNS, LEDGER) or b"")


@pytest.fixture
def watch(
    account_with: Callable[..., Account],
    storage: BlobStorage,  # noqa: ARG001  it connects the account
    webhook: Webhook,
) -> Watch:
    """Start with an empty account and an empty history; a turn of the clock completes all that follows."""
    return Watch(account_with(runner=ScriptedRunner(lambda _: 0)), webhook)


@pytest.mark.behaviour("stuck-pool")
def test_a_node_that_cannot_work_is_told_of_once_and_rebooted(watch: Watch) -> None:
    """One message with the cure, none while it boots, and one when it works again."""
    watch.make()
    assert watch.look() == []
    broken, other = watch.states()
    watch.account.emulator.node_faults.break_node("pool", broken, code="DiskFull", message="no space")
    assert watch.look(minutes=5) == []
    ((title, stuck, cure),) = watch.look(minutes=6)
    assert title == "pool pool: 1 stuck, 1 cure"
    assert stuck.startswith(f"Stuck: pool pool: node {broken} is unusable (DiskFull: no space); ")
    assert cure == f"Cure: node {broken} is being rebooted: it was unusable for 11 minutes"
    assert watch.states() == {broken: "idle", other: "idle"}
    ((title, over),) = watch.look()
    assert title == "pool pool: 1 recovered"
    assert over.startswith("Stuck no longer: pool: nodes that cannot work (DiskFull) (since 2026-03-04T")
    assert watch.look() == []


@pytest.mark.behaviour("stuck-pool")
def test_a_node_that_breaks_again_after_its_reboot_is_removed(watch: Watch) -> None:
    """It is rebooted once a day at most; the formula puts another in its place."""
    watch.make()
    broken = min(watch.states())
    watch.account.emulator.node_faults.break_node("pool", broken)
    watch.look(minutes=11)
    watch.account.emulator.node_faults.break_node("pool", broken)
    (lines,) = watch.look(minutes=11)
    assert f"Cure: node {broken} is being removed: it was unusable for 11 minutes" in lines
    watch.look()
    assert broken not in watch.states()
    assert sorted(watch.states().values()) == ["idle", "idle"]


@pytest.mark.behaviour("stuck-pool")
def test_a_node_that_never_comes_up_is_removed(watch: Watch) -> None:
    """After half an hour of starting, and not before: a run may be starting its nodes."""
    watch.account.emulator.faults.hang_boots("pool")
    watch.make()
    assert [watch.look() for _ in range(2)] == [[], []]
    ((title, *lines),) = watch.look()
    assert title == "pool pool: 1 stuck, 1 cure"
    assert lines[0].endswith("is starting for 31 minutes; remove it, the pool gets another in its place")
    (again,) = watch.look()
    assert again[1].startswith("Stuck no longer: pool: nodes that do not start (starting)")
    assert sorted(watch.states().values()) == ["idle", "idle"]


@pytest.mark.behaviour("stuck-pool")
def test_a_formula_that_fails_is_set_again(watch: Watch) -> None:
    """It is evaluated at once, and holds what was announced."""
    watch.make()
    formula = watch.account.client.get_pool("pool").auto_scale_formula
    watch.account.emulator.faults.fail_evaluations("pool", times=2)
    ((title, stuck, cure),) = watch.look()
    assert title == "pool pool: 1 stuck, 1 cure"
    assert "its autoscale formula fails" in stuck
    assert cure == "Cure: the formula is being set again: the formula fails"
    pool = watch.account.client.get_pool("pool")
    assert (pool.auto_scale_formula, pool.auto_scale_run.error) == (formula, None)
    ((title, _),) = watch.look()
    assert title == "pool pool: 1 recovered"


@pytest.mark.behaviour("stuck-pool")
def test_nodes_that_are_not_to_be_had_are_told_of_once(watch: Watch) -> None:
    """Each evaluation tries again by itself; that it has failed before is no news, that it works is."""
    watch.account.emulator.faults.fail_allocations("pool", message="none left", times=None)
    watch.make()
    (lines,) = watch.look()
    assert lines[0] == "pool pool: 1 stuck"
    assert lines[1].startswith("Stuck: pool pool: AllocationFailed: none left; ")
    assert watch.look() == []
    watch.account.emulator.faults.clear()
    (over,) = watch.look()
    assert over[1].startswith("Stuck no longer: pool: nodes cannot be had (AllocationFailed)")


@pytest.mark.behaviour("stuck-pool")
def test_a_pool_that_others_have_made_is_told_of_and_left_alone(watch: Watch) -> None:
    """The name in the settings proves nothing: only the mark in its metadata does."""
    watch.account.pool(nodes=2)
    watch.account.advance(seconds=1)
    watch.account.emulator.node_faults.break_node("pool", min(watch.states()))
    (lines,) = watch.look(minutes=11)
    assert lines[0] == "pool pool: 1 stuck"
    assert sorted(watch.states().values()) == ["idle", "unusable"]


@pytest.mark.behaviour("stuck-pool")
def test_nothing_is_cured_if_no_cure_is_allowed(watch: Watch) -> None:
    """A setting of 0 leaves the telling."""
    watch.make()
    watch.account.emulator.node_faults.break_node("pool", min(watch.states()))
    (lines,) = watch.look(ONLY_TOLD, minutes=11)
    assert lines[0] == "pool pool: 1 stuck"
    assert "unusable" in watch.states().values()
    assert not BlobStore("wasb_for_tests").exists(Container.RUNS, LEDGER)


@pytest.mark.behaviour("stuck-pool")
def test_cures_of_a_day_have_an_end(watch: Watch) -> None:
    """When they are used up, people are told so, once, and the pool is left to them."""
    watch.make(hours=30)
    few = replace(SETTINGS, pool_watch=PoolWatchSettings(pool_cures_a_day=1))
    for node in watch.states():
        watch.account.emulator.node_faults.break_node("pool", node)
    (lines,) = watch.look(few, minutes=11)
    assert lines[0] == "pool pool: 1 stuck, 1 cure"
    (lines,) = watch.look(few)
    assert lines[1].startswith("Stuck: pool pool: something is stuck after 1 cures in 24 hours")
    assert watch.look(few) == []
    assert len(watch.ledger().cures) == 1


@pytest.mark.behaviour("stuck-pool")
def test_there_need_be_no_pool(watch: Watch) -> None:
    """The next run makes it: nothing is stuck."""
    assert watch.look() == []


def test_a_preempted_node_is_not_stuck(watch: Watch) -> None:
    """The service looks for another machine, however long that takes."""
    watch.account.pool(nodes=0, targetLowPriorityNodes=2)
    watch.account.advance(seconds=1)
    watch.account.emulator.node_faults.preempt("pool", away=timedelta(days=1))
    assert watch.look(minutes=120) == []


def test_a_cure_that_the_service_refuses_is_told_as_such(watch: Watch) -> None:
    """Azure Batch wants a pause between two formulas of a pool; the refusal counts like a cure."""
    watch.make()
    watch.account.emulator.faults.fail_evaluations("pool")
    watch.account.client.enable_pool_auto_scale("pool", {"autoScaleFormula": "$TargetDedicatedNodes = 2;"})
    (lines,) = watch.look(minutes=0.1)
    assert lines[-1] == (
        "Cure: the formula is being set again: the formula fails. "
        "This failed: the pool is busy and keeps its formula for now"
    )
    assert len(watch.ledger().cures) == 1


def test_a_ledger_that_cannot_be_read_allows_no_cure(watch: Watch, webhook: Webhook) -> None:
    """What was done before is unknown, so nothing is done; people are told what is stuck all the same."""
    BlobStore("wasb_for_tests").write(Container.RUNS, LEDGER, "{")
    watch.make()
    watch.account.emulator.node_faults.break_node("pool", min(watch.states()))
    with pytest.raises(MessageError):
        watch.look(minutes=11)
    assert "unusable" in watch.states().values()
    (body,) = webhook.bodies
    assert body["title"] == "pool pool: 1 stuck"


def test_a_cure_whose_message_was_lost_is_told_by_the_next_look(watch: Watch, webhook: Webhook) -> None:
    """The ledger keeps what people do not know of yet."""
    watch.make()
    watch.account.emulator.node_faults.break_node("pool", min(watch.states()))
    webhook.status = 500
    with pytest.raises(AlertUndelivered):
        watch.look(minutes=11)
    webhook.status = 200
    (lines,) = watch.look()
    assert lines[0] == "pool pool: 1 cure"
    assert watch.look() == []


def test_a_cure_of_a_look_that_died_is_told_as_uncertain(watch: Watch) -> None:
    """It was noted before it was done, so it counts; people may have to see for themselves."""
    watch.make()
    begun = Cure(Action.REBOOT, "it was unusable for 11 minutes", "n")
    now = watch.account.hook.pools.service_time()
    text = Ledger().extended([begun], at=now, by="another").to_json()
    BlobStore("wasb_for_tests").write(Container.RUNS, LEDGER, text)
    assert watch.look(minutes=1) == []
    (lines,) = watch.look()
    assert lines[1] == (
        "Cure: node n is being rebooted: it was unusable for 11 minutes. "
        "The look ended before it was known whether this was done"
    )
    assert watch.look() == []


def test_of_two_looks_at_once_one_cures(watch: Watch, webhook: Webhook) -> None:
    """Whichever is first; and people are told once."""
    watch.make()
    watch.account.emulator.node_faults.break_node("pool", min(watch.states()))
    watch.account.advance(minutes=11)
    with ThreadPoolExecutor() as threads:
        list(threads.map(watch_pools, [a_context("one"), a_context("two")], [SETTINGS] * 2))
    said = [line for body in webhook.bodies for line in body["message"].splitlines()]
    assert [line.partition(":")[0] for line in said if not line.startswith(("Run", "Reported"))] in (
        ["Stuck", "Cure"],
        ["Cure", "Stuck"],
    )
    assert len(watch.ledger().cures) == 1
