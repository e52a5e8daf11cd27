"""Who may ask, which versions, where the account stands, and every operation that the SDK knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.mgmt.batch import BatchManagementClient
from azure.mgmt.batch.operations import _operations as sdk

from azure_batch_emulator.command_line import parser, settings_from
from azure_batch_emulator.errors import BadSetting
from azure_batch_emulator.wire.arm.routes import BUILT, MANAGEMENT_ROUTES, POLLED
from azure_batch_emulator.wire.route_table import RouteTable
from azure_batch_emulator.wire.routes import ROUTES
from tests.batch_emulator.bench import client_of, present
from tests.batch_emulator.wire.arm.resource_manager import LOOSE, ResourceManager, StaticToken, a_pool
from tests.batch_emulator.wire.test_surface import built

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.batch_emulator.bench import Bench

BUILDERS = {
    name.removeprefix("build_").removesuffix("_request"): builder
    for name, builder in vars(sdk).items()
    if name.startswith("build_")
}


@pytest.mark.parametrize("operation", BUILDERS)
def test_every_request_of_the_sdk_has_its_operation(operation: str) -> None:
    """Verb and path lead to the operation that the builder is named after."""
    request = built(BUILDERS[operation])
    route, _ = RouteTable(MANAGEMENT_ROUTES).find(request.method, urlsplit(request.url).path)
    assert route.operation == operation


def test_nothing_is_offered_that_the_sdk_cannot_ask_for() -> None:
    """But where a deletion is looked at; no operation is called as one of the data plane."""
    operations = {route.operation for route in MANAGEMENT_ROUTES}
    assert operations == {*BUILDERS, POLLED.operation}
    assert operations.isdisjoint(route.operation for route in ROUTES)


def test_what_is_not_built_is_refused_by_name(resources: ResourceManager) -> None:
    """Each of the other operations gives 501 with its name."""
    own = {route.operation for route in BUILT} | {POLLED.operation}
    for route in MANAGEMENT_ROUTES:
        if route.operation not in own:
            answer = resources.request(route.method, route.path)
            assert answer.status_code == 501, route
            assert route.operation in answer.json()["error"]["message"]


def test_the_account_is_found(resources: ResourceManager, bench: Bench) -> None:
    """By id, in its group and in its subscription, with its quotas and its endpoint."""
    accounts = resources.client.batch_account
    group, name = resources.account
    found = accounts.get(group, name, **LOOSE)
    shown = present(found.properties)
    assert f"http://{shown.account_endpoint}" == bench.emulator.endpoint
    assert (shown.pool_quota, shown.dedicated_core_quota, shown.provisioning_state) == (
        100,
        None,
        "Succeeded",
    )
    for listed in (accounts.list(**LOOSE), accounts.list_by_resource_group(group, **LOOSE)):
        assert [account.id for account in listed] == [found.id]


def test_the_account_is_what_it_was_said_to_be(
    bench_of: Callable[..., Bench], resources_of: Callable[[Bench], ResourceManager]
) -> None:
    """Of nodes in the user's subscription the service tells no core quotas."""
    said = {"public_network_access": "Disabled", "authentication_modes": ["AAD"]}
    resources = resources_of(
        bench_of(allow_bearer=True, core_quota=8, pool_allocation_mode="UserSubscription", **said)
    )
    shown = present(resources.client.batch_account.get(*resources.account, **LOOSE).properties)
    assert (shown.pool_allocation_mode, shown.public_network_access) == ("UserSubscription", "Disabled")
    assert (shown.dedicated_core_quota, shown.allowed_authentication_modes) == (None, ["AAD"])


@pytest.mark.parametrize(
    "wrong",
    [{"pool_allocation_mode": "Mine"}, {"public_network_access": "On"}, {"authentication_modes": []}],
    ids=["mode", "access", "modes"],
)
def test_an_account_cannot_be_what_the_service_does_not_know(
    bench_of: Callable[..., Bench], wrong: dict[str, Any]
) -> None:
    """The emulator does not start, and says what there is."""
    with pytest.raises(BadSetting, match="must be of "):
        bench_of(**wrong)


def test_the_program_has_an_option_for_each(tmp_path: Path) -> None:
    """Words as the service spells them."""
    words = ["--account", "a", "--key", "a2V5", "--data", str(tmp_path)]
    words += ["--pool-allocation-mode", "UserSubscription", "--public-network-access", "Disabled"]
    options = parser().parse_args([*words, "--authentication-modes", "AAD", "SharedKey"])
    found = settings_from(options, {})
    assert (found.pool_allocation_mode, found.public_network_access) == ("UserSubscription", "Disabled")
    assert found.authentication_modes == ("AAD", "SharedKey")


def test_keys_open_the_data_plane(resources: ResourceManager, bench: Bench) -> None:
    """A client that signs with the key is let in."""
    keys = resources.client.batch_account.get_keys(*resources.account, **LOOSE)
    with client_of(bench.emulator, key=present(keys.primary)) as client:
        assert list(client.list_pools()) == []


def test_the_location_has_quotas_and_sizes(resources: ResourceManager) -> None:
    """Sizes come with their cores, page after page."""
    place = resources.emulator.settings.location
    assert resources.client.location.get_quotas(place, **LOOSE).account_quota == 1
    sizes = list(resources.client.location.list_supported_virtual_machine_skus(place, maxresults=10, **LOOSE))
    cores = {size.name: {each.name: each.value for each in present(size.capabilities)} for size in sizes}
    assert cores["Standard_D4s_v3"] == {"vCPUs": "4", "MemoryGB": "16", "LowPriorityCapable": "True"}
    assert len(cores) == len(sizes) > 10


@pytest.mark.parametrize(
    ("version", "code"),
    [("", "MissingApiVersionParameter"), ("2019-08-01", "NoRegisteredProviderFound")],
)
def test_versions_are_asked_for_and_known(resources: ResourceManager, version: str, code: str) -> None:
    """A request has one of the versions that the SDK sends."""
    answer = resources.ask("GET", "", version=version)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_older_clients_get_what_they_know(resources: ResourceManager) -> None:
    """The versions before this one have properties that it has not, and certificates, which are refused."""
    body: dict[str, Any] = a_pool().as_dict()
    body["properties"]["targetNodeCommunicationMode"] = "Simplified"
    assert resources.ask("PUT", "/pools/pool", json=body).status_code == 400
    answer = resources.ask("PUT", "/pools/pool", json=body, version="2024-07-01")
    assert answer.json()["properties"]["targetNodeCommunicationMode"] == "Simplified"
    assert "targetNodeCommunicationMode" not in resources.ask("GET", "/pools/pool").json()["properties"]
    body["properties"]["certificates"] = [{"id": "x"}]
    answer = resources.ask("PUT", "/pools/pool", json=body, version="2024-07-01")
    assert (answer.status_code, answer.json()["error"]["details"]) == (
        501,
        [{"code": "NotBuilt", "message": "properties.certificates"}],
    )


@pytest.mark.parametrize(
    ("subscription", "group", "account", "code"),
    [
        ("other", "local", None, "SubscriptionNotFound"),
        (None, "other", None, "ResourceGroupNotFound"),
        (None, "local", "other", "ResourceNotFound"),
    ],
)
def test_elsewhere_there_is_nothing(
    resources: ResourceManager, subscription: str | None, group: str, account: str | None, code: str
) -> None:
    """Another subscription, resource group or account is not found."""
    own = resources.emulator.settings
    with BatchManagementClient(
        StaticToken(), subscription or own.subscription, base_url=resources.emulator.endpoint, retry_total=0
    ) as client:
        with pytest.raises(HttpResponseError) as refused:
            client.batch_account.get(group, account or own.account, **LOOSE)
        assert (refused.value.status_code, present(refused.value.error).code) == (404, code)


def test_another_location_has_nothing(
    bench_of: Callable[..., Bench], resources_of: Callable[[Bench], ResourceManager]
) -> None:
    """The account's own is known by both its names."""
    place = {"location": "westeurope", "subscription": "mine", "resource_group": "plant"}
    location = resources_of(bench_of(allow_bearer=True, **place)).client.location
    assert location.get_quotas("West Europe", **LOOSE).account_quota == 1
    with pytest.raises(HttpResponseError, match="supported locations are 'westeurope'"):
        location.get_quotas("mars", **LOOSE)


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ({}, "AuthenticationFailed"),
        ({"Authorization": "SharedKey local:x"}, "AuthenticationFailedInvalidHeader"),
        ({"Authorization": "Bearer"}, "AuthenticationFailedInvalidHeader"),
    ],
)
def test_only_tokens_count(resources: ResourceManager, authorization: dict[str, str], code: str) -> None:
    """A request without a token gets 401, whatever else it has."""
    answer = resources.ask("GET", "", headers=authorization)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_tokens_need_permission(
    bench_of: Callable[..., Bench], resources_of: Callable[[Bench], ResourceManager]
) -> None:
    """As in the data plane, any token is accepted only if the emulator is configured so."""
    resources = resources_of(bench_of())
    with pytest.raises(ClientAuthenticationError, match="--allow-bearer"):
        resources.get()


def test_faults_happen_here_too(resources: ResourceManager) -> None:
    """A throttled request has the error of this plane, and requests are counted."""
    resources.emulator.faults.throttle(operation="pool_get", times=1)
    answer = resources.ask("GET", "/pools/pool")
    assert answer.status_code == 429
    assert answer.json()["error"]["code"]
    assert resources.emulator.requests().count("pool_get", status=429) == 1


@pytest.mark.parametrize("name", ["subscription", "resource_group", "location"])
def test_names_that_would_break_paths_are_refused(bench_of: Callable[..., Any], name: str) -> None:
    """The emulator does not start, and says which name."""
    with pytest.raises(BadSetting, match=name.replace("_", " ")):
        bench_of(**{name: "a/b"})
