"""Pools whose nodes have an identity: made through Azure Resource Manager, by the real SDK, over https."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from azure_batch_emulator.wire.arm.resource_ids import account_id
from sensor_scoring.azure_batch.hook import ScoringBatchHook
from sensor_scoring.azure_batch.pool.identity import identities_of
from sensor_scoring.errors import (
    BatchAccessRefused,
    BatchError,
    BatchUnreachable,
    FormulaRefused,
    SettingsError,
)
from sensor_scoring.hourly.planning.capacity import pool_spec
from sensor_scoring.patience import Patience
from sensor_scoring.settings import Settings
from tests.sensor_scoring.conftest import BATCH_CONN

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensor_scoring.azure_batch.pool.keeper import PoolKeeper
    from sensor_scoring.azure_batch.pool.spec import PoolSpec
    from tests.sensor_scoring.conftest import Account

IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
OTHER = IDENTITY + "j"


def spec_of(account: Account, **changes: str) -> PoolSpec:
    """Return the pool of settings that name the nodes' identity and the account."""
    named = {
        "POOL_ID": "pool",
        "SCORING_IMAGE": "r.azurecr.io/sensor-scoring:1",
        "REGISTRY_SERVER": "r.azurecr.io",
        "NODE_IDENTITY": IDENTITY,
        "BATCH_ACCOUNT_ID": account_id(account.emulator.settings),
        **changes,
    }
    return pool_spec(Settings.from_environ({f"SENSOR_SCORING_{name}": text for name, text in named.items()}))


def pool_of(account: Account, pool_id: str = "pool") -> dict[str, Any]:
    """Return a pool as the Batch API describes it."""
    described: dict[str, Any] = json.loads(json.dumps(account.client.get_pool(pool_id).as_dict()))
    return described


def test_a_pool_is_made_with_the_identity_that_the_settings_name(managed: Account) -> None:
    """It scales by our formula, and nothing is to be said of it."""
    assert managed.hook.pools.ensure(spec_of(managed)) == []
    pool = pool_of(managed)
    assert identities_of(pool) == [IDENTITY]
    assert pool["autoScaleFormula"] == spec_of(managed).policy.formula()


def test_a_pool_without_an_identity_needs_no_resource_manager(managed: Account) -> None:
    """The Batch API makes it, whether or not the account's id is known."""
    managed.hook.pools.ensure(spec_of(managed, NODE_IDENTITY=""))
    assert managed.emulator.requests().count("pool_create") == 0
    assert identities_of(pool_of(managed)) == []


MOUNTED = {
    "blob": {"DATA_MOUNT": "blob", "MODELS_MOUNT": "blob"},
    "share": {"DATA_MOUNT": "https://fleet.file.core.windows.net/readings"},
    "nfs": {"DATA_MOUNT": "server:/export"},
}


@pytest.mark.parametrize("mounts", [{}, *MOUNTED.values()], ids=["none", *MOUNTED])
def test_both_ways_make_the_same_pool(
    managed: Account, mounts: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that the Batch API shows of the two is equal, but for the identity and what the service writes."""
    connection = {
        "conn_type": "wasb",
        "host": "https://fleet.blob.core.windows.net",
        "login": "fleet",
        "password": "a2V5",
    }
    monkeypatch.setenv("AIRFLOW_CONN_WASB_DEFAULT", json.dumps(connection))
    spec = spec_of(managed, **mounts)
    managed.client.create_pool({**spec.request(spec.policy.formula()), "id": "other"})
    managed.hook.pools.ensure(spec)
    ours, theirs = pool_of(managed), pool_of(managed, "other")
    assert ours.pop("identity")
    own = {"id", "eTag", "url", "lastModified", "creationTime", "autoScaleRun"}
    own |= {name for name in ours if name.endswith("TransitionTime")}
    assert {name: value for name, value in ours.items() if name not in own} == {
        name: value for name, value in theirs.items() if name not in own
    }


def test_a_pool_that_exists_is_adopted_and_said_to_lack_the_identity(managed: Account) -> None:
    """Whoever has made it with none or with another; ids are compared as the service does."""
    managed.hook.pools.ensure(spec_of(managed, NODE_IDENTITY=""))
    (said,) = managed.hook.pools.ensure(spec_of(managed))
    assert said.startswith(f"the nodes of pool pool do not have the identity {IDENTITY}, so that Batch tasks")
    managed.hook.pools.ensure(spec_of(managed, POOL_ID="named"))
    assert managed.hook.pools.ensure(spec_of(managed, POOL_ID="named", NODE_IDENTITY=IDENTITY.upper())) == []
    (said,) = managed.hook.pools.ensure(spec_of(managed, POOL_ID="named", NODE_IDENTITY=OTHER))
    assert OTHER in said


def test_without_the_accounts_id_no_pool_is_made(managed: Account) -> None:
    """The Batch API would make it without the identity, and every Batch task would fail to sign in."""
    with pytest.raises(SettingsError, match="set SENSOR_SCORING_BATCH_ACCOUNT_ID, and a run makes it"):
        managed.hook.pools.ensure(spec_of(managed, BATCH_ACCOUNT_ID=""))
    assert list(managed.client.list_pools()) == []


def test_a_refusal_names_the_roles_and_the_other_way(managed: Account) -> None:
    """No pool is made instead."""
    managed.emulator.faults.forbid(operation="pool_create")
    with pytest.raises(BatchAccessRefused) as refused:
        managed.hook.pools.ensure(spec_of(managed))
    assert str(refused.value) == (
        f"cannot create pool pool with the identity {IDENTITY}: Azure Resource Manager refused access "
        "(AuthorizationFailed); Airflow's identity needs the roles Azure Batch Data Contributor on the Batch "
        "account and Managed Identity Operator on that identity, or make deploy makes the pool"
    )
    assert list(managed.client.list_pools()) == []


def blind_once(keeper: PoolKeeper) -> Callable[[str], Any]:
    """Let a keeper find no pool at its first look."""
    looks, look = iter([(None, datetime.now(UTC))]), keeper._pool
    return lambda pool_id: next(looks, None) or look(pool_id)


def test_two_runs_that_both_found_no_pool_make_one(managed: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each adds its load; neither puts its pool in the place of the other's."""
    other = ScoringBatchHook(BATCH_CONN)
    keepers = managed.hook.pools, other.pools
    for keeper in keepers:
        monkeypatch.setattr(keeper, "_pool", blind_once(keeper))
    spec = spec_of(managed)
    with closing(other), ThreadPoolExecutor(2) as threads:
        said = list(threads.map(lambda keeper: keeper.ensure(spec), keepers))
    assert said == [[], []]
    requests = managed.emulator.requests()
    assert (requests.count("pool_create", status=200), requests.count("pool_create", status=412)) == (1, 1)


def test_a_formula_that_is_refused_is_known_by_its_class(managed: Account) -> None:
    """As through the Batch API."""
    spec = spec_of(managed)
    resource = managed.hook.account_resource(spec.account_id)
    with closing(resource), pytest.raises(FormulaRefused):
        resource.create_pool(spec, "$TargetDedicatedNodes = (")


def test_a_pool_that_the_account_has_no_room_for_is_not_taken_for_made(
    managed_with: Callable[..., Account],
) -> None:
    """The SDK has one exception for that and for a pool that is there already."""
    account = managed_with(pool_quota=0)
    with pytest.raises(BatchError, match=r"cannot create pool pool with .*: PoolQuotaReached: "):
        account.hook.pools.ensure(spec_of(account))


def test_another_account_is_not_found(managed: Account) -> None:
    """The service's own words say what."""
    elsewhere = spec_of(managed).account_id + "x"
    with pytest.raises(BatchError, match=r"ResourceNotFound: The Resource 'Microsoft\.Batch/batchAccounts/"):
        managed.hook.pools.ensure(replace(spec_of(managed), account_id=elsewhere))


def test_a_token_is_not_sent_unprotected(managed: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over plain HTTP the SDK refuses, and the sentence says so."""
    extra = {"account_url": managed.emulator.endpoint, "resource_manager_url": "http://127.0.0.1:9"}
    monkeypatch.setenv("AIRFLOW_CONN_PLAIN", json.dumps({"conn_type": "azure_batch", "extra": extra}))
    spec, hook = spec_of(managed), ScoringBatchHook("plain", patience=Patience(seconds=0))
    resource = hook.account_resource(spec.account_id)
    with closing(resource), pytest.raises(BatchUnreachable, match="not permitted for non-TLS protected"):
        resource.create_pool(spec, spec.policy.formula())
