"""Roles that Airflow's identity needs, and the commands that assign them. Pure."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Built-in roles of Azure."""

    BATCH = "Azure Batch Data Contributor"
    BLOBS = "Storage Blob Data Contributor"
    SIGNATURES = "Storage Blob Delegator"
    SIZES = "Azure Batch Account Reader"
    IDENTITIES = "Managed Identity Operator"
    EVENTS = "Azure Event Hubs Data Receiver"
    JOBS = "Reader"


def on_storage(role: Role, account: str) -> str:
    """Return the command that assigns a role on a storage account."""
    return _assigned(role, f"az storage account show --name {account} --query id --output tsv")


def on_batch(account: str) -> str:
    """Return the command that assigns the role on a Batch account."""
    found = f"az batch account list --query \"[?name=='{account}'].id\" --output tsv"
    return _assigned(Role.BATCH, found)


def on_event_hub(namespace: str, hub: str) -> str:
    """Return the command that assigns the role on an event hub.

    :param namespace: its host name
    """
    name = namespace.partition(".")[0]
    found = f"az eventhubs namespace list --query \"[?name=='{name}'].id\" --output tsv"
    return f'{_assignment(Role.EVENTS)} --scope "$({found})/eventhubs/{hub}"'


def on_stream_job(resource_id: str) -> str:
    """Return the command that assigns the role on a Stream Analytics job."""
    return f"{_assignment(Role.JOBS)} --scope {resource_id}"


def on_subscription(subscription: str) -> str:
    """Return the command that assigns the role to list sizes of nodes."""
    return f"{_assignment(Role.SIZES)} --scope /subscriptions/{subscription}"


def _assigned(role: Role, scope: str) -> str:
    return f'{_assignment(role)} --scope "$({scope})"'


def _assignment(role: Role) -> str:
    return f"az role assignment create --assignee <object id of Airflow's identity> --role '{role}'"
