"""Role assignments: those that a template makes, and those that are needed, with the code that needs them."""

from __future__ import annotations

import ast
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infra.check.resources import Resource

ROOT = Path(__file__).resolve().parent.parent.parent
ROLES: dict[str, str] = json.loads((ROOT / "infra" / "roles.json").read_text())
"""Ids of built-in roles: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles"""
_NEEDS = ROOT / "infra" / "role_needs.toml"
_PLACES = {
    "Microsoft.Batch/batchAccounts": "Batch account",
    "Microsoft.ContainerRegistry/registries": "registry",
    "Microsoft.EventHub/namespaces/eventhubs": "event hub",
    "Microsoft.KeyVault/vaults": "key vault",
    "Microsoft.StreamAnalytics/streamingjobs": "Stream Analytics job",
}


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """Somebody's role somewhere."""

    who: str
    role: str
    where: str


@dataclass(frozen=True, slots=True)
class Need:
    """A grant, with the reason for it.

    :param when: with which options; empty for always
    :param does: what is done with it
    :param code: what does it: ``file: name``, or a file
    """

    grant: Grant
    when: str
    does: str
    code: tuple[str, ...]


def needs() -> list[Need]:
    """Return what is needed."""
    rows = tomllib.loads(_NEEDS.read_text())["need"]
    return [
        Need(
            Grant(row["who"], row["role"], row["where"]), row.get("when", ""), row["does"], tuple(row["code"])
        )
        for row in rows
    ]


def grants_of(resources: Iterable[Resource], principals: Mapping[str, str]) -> list[Grant]:
    """Return the role assignments that a deployment makes.

    :param principals: what object ids stand for, by the id or by the expression that gives it
    """
    names = {id_: name for name, id_ in ROLES.items()}
    return sorted(
        Grant(
            principals.get(str(each.body["properties"]["principalId"]), "somebody"),
            names.get(
                each.body["properties"]["roleDefinitionId"].rpartition("/")[2], "a role that has no name"
            ),
            _place(each.links.get("scope")),
        )
        for each in resources
        if each.kind.name == "Microsoft.Authorization/roleAssignments"
    )


def _place(scope: Resource | None) -> str:
    if scope is None:
        return "resource group"
    if scope.kind.name.endswith("/containers"):
        return f"container {scope.names[-1]}"
    return _PLACES.get(scope.kind.name, scope.kind.name)


def missing_code(code: Iterable[str]) -> list[str]:
    """Return the references to code that is not there."""
    return [each for each in code if not _is_there(each)]


def _is_there(code: str) -> bool:
    name, _, qualified = code.partition(": ")
    file = ROOT / name
    if not qualified or not file.is_file():
        return file.is_file() and not qualified
    body: list[ast.stmt] = ast.parse(file.read_text()).body
    for part in qualified.split("."):
        found = [
            each
            for each in body
            if isinstance(each, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and each.name == part
        ]
        if not found:
            return False
        body = found[0].body
    return True
