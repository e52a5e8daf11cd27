"""Every request that the SDK can build leads to an operation of the emulator."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from azure.batch._operations import _operations as sdk
from azure.batch.aio._operations import _operations as asynchronous_sdk

from azure_batch_emulator.wire.route_table import RouteTable
from azure_batch_emulator.wire.routes import ROUTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.rest import HttpRequest

BUILDERS = {
    name: builder
    for name, builder in vars(sdk).items()
    if name.startswith("build_batch_") and name.endswith("_request")
}


def built(builder: Callable[..., HttpRequest]) -> HttpRequest:
    """Let the SDK build a request, with a value for every part of the path."""
    needed = {
        name: "1"
        for name, parameter in inspect.signature(builder).parameters.items()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    }
    if "content_type" in builder.__code__.co_consts:  # the only one that hides among the others
        needed["content_type"] = "application/json"
    return builder(**needed)


@pytest.mark.parametrize("name", BUILDERS)
def test_every_request_of_the_sdk_has_its_operation(name: str) -> None:
    """Verb and path lead to the operation that the builder is named after."""
    request = built(BUILDERS[name])
    route, _ = RouteTable(ROUTES).find(request.method, urlsplit(request.url).path)
    words = name.removeprefix("build_batch_").removesuffix("_request").removesuffix("_internal")
    assert route.operation == words


def test_nothing_is_offered_that_the_sdk_cannot_ask_for() -> None:
    """There are as many operations as requests, and the async client builds the same ones."""
    assert len(BUILDERS) == len(ROUTES)
    assert BUILDERS.items() <= vars(asynchronous_sdk).items()
