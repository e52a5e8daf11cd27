"""Deployments of the templates, worked out without Azure."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from infra.check.bodies import faults_of
from infra.check.errors import TemplateFault
from infra.check.evaluation import Deployment, Scene
from infra.check.parameters import read_parameters
from infra.check.policy import policy_faults, text_faults
from infra.check.roles import grants_of, needs
from infra.check.static_names import name_faults
from tests.support.typed import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from infra.check.resources import Resource

INFRA = ROOT / "infra"
TEMPLATES = [INFRA / "main.bicep", *sorted((INFRA / "modules").glob("*.bicep"))]
SIZES = (15, 1000, 20000)
AIRFLOW, DEVICES, BATCH = (f"{digit * 8}-0000-0000-0000-000000000000" for digit in "abc")
NEEDED = {"IMAGE": "sensor-scoring:0.1.0", "AIRFLOW_PRINCIPAL_ID": AIRFLOW}
OPTIONS = {
    "public": {},
    "nat": {"NETWORK": "nat", "USER_SUBSCRIPTION": "true", "BATCH_SERVICE_PRINCIPAL_ID": BATCH},
    "private": {
        "NETWORK": "private",
        "ALERT_EMAIL": "people@example.org",
        "SPOT": "true",
        "DEVICES_PRINCIPAL_ID": DEVICES,
        "BATCH_SERVICE_PRINCIPAL_ID": BATCH,
        "MOUNT_DATA": "true",
        "MOUNT_MODELS": "true",
    },
}
CASES = {
    "public": {"", "unless they mount readings"},
    "nat": {"", "unless they mount readings", "in user-subscription mode"},
    "private": {"", "if they mount readings", "in user-subscription mode", "if they are named"},
}
"""Which roles the options need."""
BRANCHES: set[tuple[str, int, bool]] = set()
"""Conditions that were decided, with how."""


@cache
def deployment(size: int, option: str) -> Deployment:
    """Work out the templates for a fleet of this size."""
    environ = {**NEEDED, **OPTIONS[option]}
    template, arguments = read_parameters(INFRA / "sizes" / f"{size}.bicepparam", environ)
    return Deployment(template, arguments, Scene(environ, BRANCHES))


@cache
def resources(size: int, option: str) -> tuple[Resource, ...]:
    """Return the resources of a deployment."""
    return tuple(deployment(size, option).resources())


def only(found: tuple[Resource, ...], kind: str) -> Resource:
    """Return the one resource of a type."""
    (resource,) = [each for each in found if each.kind.name == kind]
    return resource


PRINCIPALS = {
    AIRFLOW: "Airflow",
    DEVICES: "devices",
    BATCH: "Microsoft Azure Batch",
    "<nodes.properties.principalId>": "nodes",
    "<job.identity.principalId>": "Stream Analytics job",
}
"""Whom an object id stands for."""


def faults(infra: Path, option: str, files: Iterable[Path]) -> list[str]:
    """Say what is wrong with a copy of the templates.

    :param files: whose names are looked at
    """
    environ = {**NEEDED, **OPTIONS[option]}
    try:
        template, arguments = read_parameters(infra / "sizes" / "15.bicepparam", environ)
        made = Deployment(template, arguments, Scene(environ))
        found = list(made.resources())
        for output in made.outputs.values():
            output()
        wrong = [fault for each in found for fault in faults_of(each)]
        granted = set(grants_of(found, PRINCIPALS))
    except TemplateFault as fault:
        return [str(fault)]
    wrong += policy_faults(found, is_private=option == "private")
    wrong += [fault for file in files for fault in (*name_faults(file), *text_faults(file))]
    needed = {need.grant for need in needs() if need.when in CASES[option]}
    return (
        wrong
        + [f"{each} is not needed" for each in granted - needed]
        + [f"{each} is missing" for each in needed - granted]
    )
