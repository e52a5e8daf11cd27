"""Pools as resources: the same pools as in the data plane, made, changed and deleted by azure-mgmt-batch."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.mgmt.batch import models

from azure_batch_emulator.server import EmulatorServer
from tests.batch_emulator.bench import present
from tests.batch_emulator.wire.arm.resource_manager import (
    IDENTITY,
    LOOSE,
    ResourceManager,
    a_pool,
    fixed,
    formula,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.batch_emulator.bench import Bench


def properties(pool: models.Pool) -> models.PoolProperties:
    """Return what a pool is said to be."""
    return present(pool.properties)


def assigned(*names: str) -> models.BatchPoolIdentity:
    """Describe identities."""
    return models.BatchPoolIdentity(
        type="UserAssigned",
        user_assigned_identities={name: models.UserAssignedIdentities() for name in names},
    )


def test_a_pool_lives_in_both_planes(resources: ResourceManager, bench: Bench) -> None:
    """It is made, seen by the data plane, given a formula, and deleted; the poller waits until it is gone."""
    made = resources.create(a_pool(scale_settings=fixed(2), display_name="Scoring"))
    assert (made.name, properties(made).allocation_state) == ("pool", "Resizing")
    bench.emulator.advance(timedelta())
    seen = bench.client.get_pool("pool")
    assert (seen.display_name, seen.current_dedicated_nodes, seen.state) == ("Scoring", 2, "active")
    resources.update(
        models.Pool(properties=models.PoolProperties(scale_settings=formula("$TargetDedicated=0;")))
    )
    seen = bench.client.get_pool("pool")
    assert (seen.enable_auto_scale, seen.auto_scale_formula) == (True, "$TargetDedicated=0;")
    deletion = resources.client.pool.begin_delete(*resources.account, "pool", **LOOSE)
    assert bench.client.get_pool("pool").state == "deleting"
    assert properties(resources.get()).provisioning_state == "Deleting"
    assert not deletion.done()
    bench.emulator.advance(timedelta(seconds=1))
    deletion.result()
    assert [pool.id for pool in bench.client.list_pools()] == []


def test_a_deletion_says_where_to_look_and_how_often(
    bench_of: Callable[..., Bench], resources_of: Callable[[Bench], ResourceManager]
) -> None:
    """Location and Retry-After are those of the documentation, and know the pool from a later namesake."""
    resources = resources_of(bench_of(allow_bearer=True, deletion=timedelta(seconds=40)))
    resources.create(a_pool())
    answer = resources.ask("DELETE", "/pools/pool")
    assert (answer.status_code, answer.headers["Retry-After"]) == (202, "15")
    place = answer.headers["Location"].partition(resources.account[1])[2].partition("?")[0]
    assert resources.ask("GET", place).status_code == 202
    resources.emulator.advance(timedelta(seconds=41))
    resources.create(a_pool())
    assert resources.ask("GET", place).status_code == 200
    assert resources.ask("GET", place.rpartition("-")[0] + "-FFFF").status_code == 404
    assert resources.ask("DELETE", "/pools/none").status_code == 204


def test_a_pool_of_the_data_plane_is_a_resource(resources: ResourceManager, bench: Bench) -> None:
    """It is listed, page after page, by what it is, in this plane's spelling."""
    for name in ("one", "two", "three"):
        bench.pool(name, nodes=0)
    listed = resources.client.pool.list_by_batch_account(*resources.account, maxresults=2, **LOOSE)
    assert [pool.name for pool in listed] == ["one", "two", "three"]
    chosen = "startswith(name, 't') and properties/allocationState eq 'Steady'"
    listed = resources.client.pool.list_by_batch_account(*resources.account, filter=chosen, **LOOSE)
    assert [pool.name for pool in listed] == ["two", "three"]
    shown = properties(resources.get("one"))
    machine = present(present(shown.deployment_configuration).virtual_machine_configuration)
    assert machine.node_agent_sku_id == "batch.node.ubuntu 22.04"
    assert present(present(shown.scale_settings).fixed_scale).resize_timeout == timedelta(minutes=15)
    assert (shown.inter_node_communication, present(shown.task_scheduling_policy).node_fill_type) == (
        "Disabled",
        "Spread",
    )


def test_identities_are_kept_and_shown(resources: ResourceManager, bench: Bench) -> None:
    """Both planes show them; they stay when nothing is said of them, and go when they are said to be none."""
    pool = a_pool()
    pool.identity, pool.tags = assigned(IDENTITY), {"owner": "plant"}
    resources.create(pool)
    found = present(
        resources.update(models.Pool(properties=models.PoolProperties(display_name="x"))).identity
    )
    assert (found.type, list(present(found.user_assigned_identities))) == ("UserAssigned", [IDENTITY])
    assert resources.get().tags == {"owner": "plant"}
    seen = present(bench.client.get_pool("pool").identity)
    assert [present(each).resource_id for each in present(seen.user_assigned_identities)] == [IDENTITY]
    none = models.Pool(identity=models.BatchPoolIdentity(type="None"))
    assert present(resources.update(none).identity).type == "None"
    assert bench.client.get_pool("pool").identity is None


def test_identities_survive_the_emulator(tmp_path: Path) -> None:
    """They are in the state that a new emulator goes on with."""
    pool = a_pool()
    pool.identity = assigned(IDENTITY)
    options: dict[str, Any] = {"data": tmp_path, "allow_bearer": True}
    with EmulatorServer(**options) as emulator, closing(ResourceManager(emulator)) as resources:
        resources.create(pool)
    with EmulatorServer(**options) as emulator, closing(ResourceManager(emulator)) as resources:
        kept = resources.get().identity
    assert list(present(present(kept).user_assigned_identities)) == [IDENTITY]


def test_a_put_replaces_what_is_there(resources: ResourceManager, bench: Bench) -> None:
    """What is not mentioned goes, but for the size; the same again changes nothing that is under way."""
    start = models.StartTask(command_line="/bin/true")
    resources.create(a_pool(scale_settings=fixed(1), start_task=start, display_name="first"))
    bench.emulator.advance(timedelta())
    again = a_pool(scale_settings=fixed(1), display_name="second")
    shown = properties(resources.create(again))
    assert (shown.display_name, shown.start_task, shown.allocation_state) == ("second", None, "Steady")
    assert properties(resources.create(a_pool())).current_dedicated_nodes == 1


def test_a_patch_takes_away_a_start_task(resources: ResourceManager) -> None:
    """An empty start task stands for none."""
    resources.create(a_pool(start_task=models.StartTask(command_line="/bin/true")))
    shown = resources.update(models.Pool(properties=models.PoolProperties(start_task=models.StartTask())))
    assert properties(shown).start_task is None


def test_a_pool_goes_from_formula_to_size_and_back(resources: ResourceManager, bench: Bench) -> None:
    """Either kind of scale settings replaces the other; a formula that is in force is left alone."""
    scale = formula("$TargetDedicatedNodes = 1;", evaluation_interval=timedelta(minutes=5))
    resources.create(a_pool(scale_settings=scale))
    bench.emulator.advance(timedelta())
    assert present(properties(resources.create(a_pool(scale_settings=scale))).auto_scale_run).error is None
    resize = fixed(2, node_deallocation_option="TaskCompletion")
    resources.update(models.Pool(properties=models.PoolProperties(scale_settings=resize)))
    bench.emulator.advance(timedelta())
    assert bench.client.get_pool("pool").current_dedicated_nodes == 2
    resources.update(models.Pool(properties=models.PoolProperties(scale_settings=scale)))
    bench.emulator.advance(timedelta())
    assert bench.client.get_pool("pool").target_dedicated_nodes == 1
    off = resources.client.pool.disable_auto_scale(*resources.account, "pool", **LOOSE)
    assert present(present(properties(off).scale_settings).fixed_scale).target_dedicated_nodes == 1


def test_a_resize_is_stopped(
    bench_of: Callable[..., Bench], resources_of: Callable[[Bench], ResourceManager]
) -> None:
    """The status of the resize says so."""
    resources = resources_of(bench_of(allow_bearer=True, boot=timedelta(minutes=4)))
    resources.create(a_pool(scale_settings=fixed(1)))
    stopped = resources.client.pool.stop_resize(*resources.account, "pool", **LOOSE)
    assert properties(stopped).allocation_state == "Stopping"
    resources.emulator.advance(timedelta())
    status = present(properties(resources.get()).resize_operation_status)
    assert [error.code for error in present(status.errors)] == ["ResizeStopped"]


def test_conditions_of_a_put(resources: ResourceManager) -> None:
    """A pool is made only if it is missing, or changed only if it is the one that is known."""
    with pytest.raises(ResourceNotFoundError):
        resources.create(a_pool(), etag="*", match_condition=MatchConditions.IfPresent)
    made = resources.create(a_pool(), etag="*", match_condition=MatchConditions.IfMissing)
    with pytest.raises(ResourceExistsError):
        resources.create(a_pool(), etag="*", match_condition=MatchConditions.IfMissing)
    known: dict[str, Any] = {"etag": made.etag, "match_condition": MatchConditions.IfNotModified}
    changed = models.Pool(properties=models.PoolProperties(display_name="changed"))
    assert resources.update(changed, **known).etag != made.etag
    for change in (resources.create, resources.update):
        with pytest.raises(ResourceModifiedError):
            change(a_pool(), **known)


@pytest.mark.parametrize(
    ("change", "status", "code", "property_name"),
    [
        ({"vm_size": "standard_d8s_v3"}, 409, "OperationNotValidOnPool", "properties.vmSize"),
        (
            {"scale_settings": formula("$TargetDedicatedNodes = (")},
            400,
            "AutoScalingFormulaSyntaxError",
            None,
        ),
        (
            {"scale_settings": formula("$TargetDedicated=0;", evaluation_interval=timedelta(minutes=1))},
            400,
            "InvalidPropertyValue",
            "properties.scaleSettings.autoScale.evaluationInterval",
        ),
        (
            {"scale_settings": fixed(1, resize_timeout=timedelta(minutes=1))},
            400,
            "InvalidPropertyValue",
            "properties.scaleSettings.fixedScale.resizeTimeout",
        ),
        ({"task_slots_per_node": 3}, 409, "OperationNotValidOnPool", "properties.taskSlotsPerNode"),
    ],
)
def test_what_cannot_be_changes_nothing(
    resources: ResourceManager, change: Any, status: int, code: str, property_name: str | None
) -> None:
    """If one part of a request is refused no part takes effect, and the error names the property."""
    resources.create(a_pool(scale_settings=fixed(1)))
    resources.emulator.advance(timedelta())
    before = resources.get()
    wanted = models.Pool(properties=models.PoolProperties(display_name="new", **change))
    wanted.identity = assigned(IDENTITY)
    with pytest.raises(HttpResponseError) as refused:
        resources.update(wanted)
    error = present(refused.value.error)
    assert (refused.value.status_code, error.code) == (status, code)
    named = {detail.code: detail.message for detail in present(error.details)}
    assert named.get("PropertyName") == property_name
    assert resources.get() == before


def test_a_pool_that_goes_is_left_alone(resources: ResourceManager) -> None:
    """Until it is gone it is neither changed nor made again."""
    resources.create(a_pool(scale_settings=fixed(1)))
    assert resources.ask("DELETE", "/pools/pool").status_code == 202
    for change in (resources.create, resources.update):
        with pytest.raises(HttpResponseError) as refused:
            change(a_pool())
        assert present(refused.value.error).code == "PoolBeingDeleted"
