"""What the preflight says of an account that Azure Resource Manager describes: the real SDK over https."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

import pytest

from azure_batch_emulator.wire.arm.resource_ids import account_id
from sensor_scoring.azure_batch.account_resource import AccountResource
from sensor_scoring.hourly.planning.capacity import pool_spec
from sensor_scoring.preflight.checks import CHECKS
from sensor_scoring.preflight.deployment import Deployment
from sensor_scoring.preflight.finding import Verdict
from sensor_scoring.settings import Settings
from tests.sensor_scoring.conftest import BATCH_CONN

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import Context

    from tests.sensor_scoring.conftest import Account

IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
IMAGE = {"SCORING_IMAGE": "r.azurecr.io/sensor-scoring:1", "REGISTRY_SERVER": "r.azurecr.io"}
ACCOUNT_CHECKS = (
    "network access",
    "sign-in modes",
    "account mode",
    "core quota",
    "pool and job quotas",
)
FINE = """\
whoever has a role reaches the account from anywhere
the account takes SharedKey, AAD, TaskAuthenticationToken, and the connection batch_for_tests signs in \
with a key
the account is in mode BatchService, which has dedicated nodes
the quota of cores allows 4 nodes Standard_D2s_v5
the account has 0 of 100 pools and 0 of 300 active jobs"""


def settings_of(account: Account, **changes: str) -> dict[str, str]:
    """Return the environment of a deployment that knows its account's id."""
    settings = {
        "BATCH_CONN_ID": BATCH_CONN,
        "POOL_ID": "pool",
        "BATCH_ACCOUNT_ID": account_id(account.emulator.settings),
        **changes,
    }
    return {f"SENSOR_SCORING_{name}": value for name, value in settings.items()}


def said(account: Account, *names: str, **changes: str) -> list[tuple[Verdict, str, str]]:
    """Make checks, one after the other; return what the last one finds."""
    checks = {check.name: check.look for check in CHECKS}
    with closing(Deployment(settings_of(account, **changes), cast("Context", {}))) as deployment:
        *_, found = [list(checks[name](deployment)) for name in names]
    return [(each.verdict, each.sentence, each.remedy) for each in found]


def told(account: Account, name: str, **changes: str) -> tuple[Verdict, str, str]:
    """Make one check, when the account has answered and its resource was read."""
    (found,) = said(account, "batch account", "account resource", name, **changes)
    return found


def without_key(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Airflow sign in with an identity."""
    extra = dict.fromkeys(("account_url", "resource_manager_url"), account.emulator.endpoint)
    connection = {"conn_type": "azure_batch", "extra": extra}
    monkeypatch.setenv(f"AIRFLOW_CONN_{BATCH_CONN.upper()}", json.dumps(connection))


def test_an_account_with_room_for_the_pool_lacks_nothing(managed_with: Callable[..., Account]) -> None:
    """Each check says so in a sentence."""
    account = managed_with(core_quota=8)
    assert told(account, "account resource")[:2] == (
        Verdict.FINE,
        "Azure Resource Manager shows the account emulated in local",
    )
    found = {name: told(account, name) for name in ACCOUNT_CHECKS}
    assert {verdict for verdict, *_ in found.values()} == {Verdict.FINE}
    assert "\n".join(sentence for _, sentence, _ in found.values()) == FINE


def test_without_the_accounts_id_nothing_of_it_is_looked_at(managed: Account) -> None:
    """The sentence names the setting."""
    ((verdict, sentence, remedy),) = said(managed, "account resource", BATCH_ACCOUNT_ID="")
    assert (verdict, sentence) == (
        Verdict.SKIPPED,
        "not looked at: SENSOR_SCORING_BATCH_ACCOUNT_ID is not set",
    )
    assert remedy.startswith("az batch account list")
    for name in ACCOUNT_CHECKS:
        ((verdict, sentence, _),) = said(managed, "account resource", name, BATCH_ACCOUNT_ID="")
        assert (verdict, sentence) == (
            Verdict.SKIPPED,
            "waits for the account resource, which was not read",
        )


def test_an_account_that_may_not_be_read_is_a_warning(managed: Account) -> None:
    """Runs go by the Batch API; the role is named."""
    managed.emulator.faults.forbid(operation="batch_account_get")
    ((verdict, sentence, remedy),) = said(managed, "account resource")
    assert verdict is Verdict.WARNING
    assert sentence == (
        "cannot read the Batch account: Azure Resource Manager refused access (AuthorizationFailed); "
        "Airflow's identity needs the role Azure Batch Data Contributor on the Batch account"
    )
    assert "--role 'Azure Batch Data Contributor'" in remedy


def test_the_id_of_another_account_is_said(managed: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever Azure Resource Manager said of it would be about another one."""
    described = {"properties": {"accountEndpoint": "other.westeurope.batch.azure.com"}}
    monkeypatch.setattr(AccountResource, "describe", lambda _: described)  # the emulator has one account
    verdict, sentence, remedy = told(managed, "account resource")
    assert verdict is Verdict.MISSING
    assert sentence.startswith(
        "SENSOR_SCORING_BATCH_ACCOUNT_ID is the account other.westeurope.batch.azure.com, and the connection "
    )
    assert "az batch account list" in remedy


def test_an_account_that_is_closed_is_missing_where_it_does_not_answer(
    managed_with: Callable[..., Account],
) -> None:
    """And fine where it does."""
    account = managed_with(public_network_access="Disabled")
    assert told(account, "network access")[:2] == (
        Verdict.FINE,
        "the account is closed to the public (Disabled), and answers here",
    )
    ((verdict, sentence, remedy),) = said(account, "account resource", "network access")
    assert (verdict, sentence) == (
        Verdict.MISSING,
        "the account is closed to the public (Disabled), and does not answer here",
    )
    assert "private endpoint" in remedy


def test_a_key_that_the_account_does_not_take_is_said(
    managed_with: Callable[..., Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Batch API itself says no more than that it refuses; an identity is let in."""
    account = managed_with(authentication_modes=["AAD"])
    (refused,) = said(account, "batch account")
    assert refused[0] is Verdict.MISSING
    ((verdict, sentence, remedy),) = said(account, "account resource", "sign-in modes")
    assert (verdict, sentence) == (
        Verdict.MISSING,
        "the account takes AAD, and the connection batch_for_tests signs in with a key",
    )
    assert remedy.startswith("remove login and password from the connection; az role assignment create ")
    without_key(account, monkeypatch)
    assert told(account, "sign-in modes")[0] is Verdict.FINE


def test_an_identity_that_the_account_does_not_take_is_said(
    managed_with: Callable[..., Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the command that lets it in."""
    account = managed_with(authentication_modes=["SharedKey"])
    without_key(account, monkeypatch)
    ((verdict, _, remedy),) = said(account, "account resource", "sign-in modes")
    assert verdict is Verdict.MISSING
    assert remedy.startswith(f"az resource update --ids {account_id(account.emulator.settings)} --set ")


def test_spot_nodes_need_another_mode_of_the_account(managed_with: Callable[..., Account]) -> None:
    """In which the service knows no quota of cores."""
    account = managed_with()
    verdict, sentence, remedy = told(account, "account mode", SPOT="true")
    assert (verdict, sentence) == (
        Verdict.MISSING,
        "SENSOR_SCORING_SPOT is set, and an account in mode BatchService has no Spot nodes",
    )
    assert remedy.startswith("set SENSOR_SCORING_SPOT=false; or make deploy SPOT=true")


def test_the_subscriptions_own_quotas_are_not_known(managed_with: Callable[..., Account]) -> None:
    """The command shows them."""
    account = managed_with(pool_allocation_mode="UserSubscription", core_quota=1)
    assert told(account, "account mode", SPOT="true")[0] is Verdict.FINE
    verdict, sentence, remedy = told(account, "core quota")
    assert verdict is Verdict.SKIPPED
    assert "count against the subscription's own quotas" in sentence
    assert remedy == "az vm list-usage --location local --output table"


@pytest.mark.parametrize(
    ("quota", "settings", "verdict", "part"),
    [
        pytest.param({"core_quota": 6}, {}, Verdict.WARNING, "is 6: the pool ends at 3", id="fewer"),
        pytest.param({"core_quota": 1}, {}, Verdict.MISSING, "is 1: the pool ends at 0", id="none"),
        pytest.param({}, {}, Verdict.SKIPPED, "the account tells no quota of cores", id="untold"),
        pytest.param(
            {"core_quota": 2, "low_priority_core_quota": 4},
            {"SPOT": "true", "DEDICATED_NODES": "1"},
            Verdict.WARNING,
            "3 Spot nodes Standard_D2s_v5 have 6 cores, and the account's quota of them is 4: ",
            id="spot",
        ),
        pytest.param(
            {"core_quota": 100},
            {"VM_SIZE": "standard_z9"},
            Verdict.MISSING,
            "Azure Batch has no VM size standard_z9 in local",
            id="size",
        ),
    ],
)
def test_cores_are_held_against_the_most_nodes(
    managed_with: Callable[..., Account],
    quota: dict[str, int],
    settings: dict[str, str],
    verdict: Verdict,
    part: str,
) -> None:
    """A pool that would be smaller is a warning; one that would be empty is missing."""
    found, sentence, _ = told(managed_with(**quota), "core quota", **settings)
    assert found is verdict
    assert part in sentence


def described(account: Account, families: list[dict[str, Any]]) -> dict[str, Any]:
    """Describe an account that enforces quotas of families, which the emulator's does not."""
    return {
        "name": "emulated",
        "location": "local",
        "properties": {
            "accountEndpoint": account.emulator.endpoint.removeprefix("https://"),
            "dedicatedCoreQuota": 100,
            "dedicatedCoreQuotaPerVMFamilyEnforced": True,
            "dedicatedCoreQuotaPerVMFamily": families,
        },
    }


def test_a_quota_of_the_family_counts_too(managed: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the account enforces it, a family that is not listed has none."""
    families = [{"name": "standardDSv5Family", "coreQuota": 4}, {"name": "other", "coreQuota": 100}]
    monkeypatch.setattr(AccountResource, "describe", lambda _: described(managed, families))
    verdict, sentence, _ = told(managed, "core quota")
    assert verdict is Verdict.WARNING
    assert sentence.endswith("is 4: the pool ends at 2")
    del families[0]
    assert told(managed, "core quota")[0] is Verdict.MISSING


def test_a_size_that_may_not_be_looked_up_is_known_by_its_name(
    managed_with: Callable[..., Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account's own role does not reach the subscription; without a family's quota nothing is claimed."""
    account = managed_with(core_quota=6)
    account.emulator.faults.forbid(operation="location_list_supported_virtual_machine_skus", times=None)
    verdict, sentence, _ = told(account, "core quota")
    assert verdict is Verdict.WARNING
    assert sentence.startswith("4 dedicated nodes standard_d2s_v5 (2 vCPUs, by its name) have 8 cores")
    families = [{"name": "other", "coreQuota": 100}]
    monkeypatch.setattr(AccountResource, "describe", lambda _: described(account, families))
    for size in ("standard_d2s_v5", "extralarge"):
        verdict, sentence, remedy = told(account, "core quota", VM_SIZE=size)
        assert verdict is Verdict.WARNING
        assert "needs the role Azure Batch Account Reader on the subscription; the quota" in sentence
        assert remedy.endswith(
            "--role 'Azure Batch Account Reader' --scope /subscriptions/"
            f"{account.emulator.settings.subscription}"
        )


def test_an_account_that_is_full_is_said(managed_with: Callable[..., Account]) -> None:
    """Of pools, unless ours is among them, and of active jobs."""
    account = managed_with(pool_quota=1, active_job_quota=1)
    account.pool(nodes=0)
    account.job()
    ((verdict, sentence, remedy),) = said(account, "account resource", "pool and job quotas")
    assert (verdict, sentence) == (
        Verdict.MISSING,
        "the account has 1 of 1 active jobs that its quota allows",
    )
    assert "az batch job list" in remedy
    pools, jobs = said(account, "account resource", "pool and job quotas", POOL_ID="another")
    assert (pools[1], jobs[1]) == ("the account has 1 of 1 pools that its quota allows", sentence)
    assert "az batch pool list" in pools[2]


def test_an_image_of_another_registry_is_said(managed: Account) -> None:
    """Nodes would sign in to one, and pull from the other."""
    verdict, sentence, remedy = told(managed, "registry", REGISTRY_SERVER="r.azurecr.io")
    assert (verdict, sentence) == (
        Verdict.MISSING,
        "the image sensor-scoring:latest is not in the registry r.azurecr.io",
    )
    assert remedy.startswith("set SENSOR_SCORING_SCORING_IMAGE")


def test_a_registry_that_nobody_signs_in_to(managed: Account) -> None:
    """Fine for a public image; of a private registry a warning while there is no pool."""
    assert told(managed, "registry")[0] is Verdict.FINE
    verdict, sentence, remedy = told(managed, "registry", **IMAGE)
    assert (verdict, sentence) == (
        Verdict.WARNING,
        "nodes will pull from r.azurecr.io without signing in",
    )
    assert "SENSOR_SCORING_NODE_IDENTITY" in remedy
    assert told(managed, "registry", **IMAGE, NODE_IDENTITY=IDENTITY)[0] is Verdict.FINE


@pytest.mark.parametrize(
    ("registries", "verdict", "part"),
    [
        pytest.param([], Verdict.MISSING, "does not name the registry r.azurecr.io", id="unnamed"),
        pytest.param(
            [{"registryServer": "r.azurecr.io"}], Verdict.WARNING, "without signing in", id="anonymous"
        ),
        pytest.param(
            [{"registryServer": "r.azurecr.io", "username": "u", "password": "p"}],
            Verdict.FINE,
            "with a password",
            id="password",
        ),
        pytest.param(
            [{"registryServer": "r.azurecr.io", "identityReference": {"resourceId": IDENTITY}}],
            Verdict.MISSING,
            f"do not have the identity {IDENTITY} to pull from r.azurecr.io with",
            id="identity-elsewhere",
        ),
    ],
)
def test_a_pool_that_pulls_otherwise_is_said(
    managed: Account, registries: list[dict[str, Any]], verdict: Verdict, part: str
) -> None:
    """Its nodes prefetch the image as it was told when it was made."""
    containers = {"type": "dockerCompatible", "containerImageNames": [IMAGE["SCORING_IMAGE"]]}
    image = {"publisher": "p", "offer": "o", "sku": "s", "version": "latest"}
    machine = {
        "imageReference": image,
        "nodeAgentSKUId": "batch.node.ubuntu 24.04",
        "containerConfiguration": {**containers, "containerRegistries": registries},
    }
    managed.pool(nodes=0, virtualMachineConfiguration=machine)
    found, sentence, _ = told(managed, "registry", **IMAGE)
    assert found is verdict
    assert part in sentence


def test_a_pool_that_a_run_has_made_pulls_with_its_identity(managed: Account) -> None:
    """The check finds in the pool what the settings asked for."""
    settings = settings_of(managed, NODE_IDENTITY=IDENTITY, **IMAGE)
    managed.hook.pools.ensure(pool_spec(Settings.from_environ(settings)))
    verdict, sentence, _ = told(managed, "registry", NODE_IDENTITY=IDENTITY, **IMAGE)
    assert (verdict, sentence) == (
        Verdict.FINE,
        "pool pool pulls from r.azurecr.io with an identity that its nodes have",
    )
