"""Plans, deploys and destroys. What changes Azure says first what it changes, and asks."""

from __future__ import annotations

import os
import sys
from typing import Any

from infra.azure_cli import ask_az, run_az
from infra.check.errors import TemplateFault
from infra.check.parameters import read_parameters
from infra.errors import InfraError
from infra.fleet_size import FOLDER, SENSORS

SIZES = tuple(map(str, SENSORS))
NAME = "sensor-scoring"
"""Name of the deployment."""


def plan(group: str, size: str) -> None:
    """Show what a deployment would change.

    :raises InfraError: if a parameter is missing, or ``az`` fails
    """
    run_az("deployment", "group", "what-if", "--resource-group", group, "--parameters", _parameters(size))


def deploy(group: str, size: str) -> None:
    """Show what a deployment would change, ask, and deploy.

    :raises InfraError: if a parameter is missing, nobody confirms it, or ``az`` fails
    """
    parameters = _parameters(size)
    plan(group, size)
    _confirmed(f"Deploy this to {_place(group)}?", group)
    words = ("--resource-group", group, "--name", NAME, "--parameters", parameters)
    outputs = ask_az("deployment", "group", "create", *words, "--query", "properties.outputs")
    print("\nEnvironment of Airflow:\n")
    for name, value in outputs["environment"]["value"].items():
        print(f"{name}={value}")
    print("\nOnce packs.csv is in the container models, start the Stream Analytics job:\n")
    print(f"az stream-analytics job start --resource-group {group} --job-name {outputs['job']['value']}")


def destroy(group: str) -> None:
    """Name all that a resource group holds, ask, and delete the group.

    :raises InfraError: if nobody confirms it, or ``az`` fails
    """
    held = ask_az("resource", "list", "--resource-group", group, "--query", "[].{type: type, name: name}")
    print(f"{len(held)} resources would be deleted, with all readings, models and predictions:\n")
    for each in sorted(held, key=_by_type):
        print(f"  {each['type']}  {each['name']}")
    _confirmed(f"Delete {_place(group)} and all that is in it?", group)
    run_az("group", "delete", "--name", group, "--yes")


def _by_type(resource: dict[str, Any]) -> tuple[str, str]:
    return resource["type"], resource["name"]


def _parameters(size: str) -> str:
    """Return the file of a size, if the environment has what it needs.

    :raises InfraError: naming what is missing, or the sizes if it is none
    """
    if size not in SIZES:
        raise InfraError(f"SIZE={size} is none of {', '.join(SIZES)}: the number of sensors")
    file = FOLDER / f"{size}.bicepparam"
    try:
        read_parameters(file, os.environ)
    except TemplateFault as fault:
        raise InfraError(str(fault)) from fault
    return str(file)


def _place(group: str) -> str:
    account = ask_az("account", "show", "--query", "{name: name}")
    return f"the resource group {group} of the subscription {account['name']}"


def _confirmed(question: str, group: str) -> None:
    """Have somebody type the group's name.

    :raises InfraError: for anything else
    """
    print(f"\n{question} Type the name of the resource group: ", end="", flush=True)
    if sys.stdin.readline().strip() != group:
        raise InfraError("that is not its name: nothing was changed")
