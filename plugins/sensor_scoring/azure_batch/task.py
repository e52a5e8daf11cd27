"""Template of a run's Batch tasks, and the request for each of them.

Values only. The result is the JSON that the service documents, so that nothing here needs the SDK.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sensor_scoring.azure_batch import ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RETENTION = timedelta(days=1)
"""How long a node keeps a task's files; they are in Blob Storage by then."""
MOST_IN_A_CALL = 100
"""Most tasks that the service adds in one call."""


@dataclass(frozen=True, slots=True)
class Names:
    """Values of the placeholders ``{item}``, ``{job}``, ``{run}`` and ``{task}`` in one Batch task."""

    item: str
    job: str
    task: str

    def of_task(self, task: str) -> Names:
        """Return the names of another Batch task for the same item, in the same job."""
        return replace(self, task=task)

    def fill(self, text: str) -> str:
        """Replace the placeholders; other braces stay."""
        for name, value in (
            ("{item}", self.item),
            ("{job}", self.job),
            ("{run}", ids.base_of(self.job)),
            ("{task}", self.task),
        ):
            text = text.replace(name, value)
        return text


@dataclass(frozen=True, slots=True)
class Grants:
    """Access of a Batch task to Blob Storage. Secrets: never logged, never in an XCom.

    :param environment: variable to container URL, signed unless the node signs in by itself, or to the
        signatures of single blobs
    :param log_url: container that takes stdout and stderr; empty to leave them on the node
    :param identity: resource id of the node's identity; empty if the URLs are signed
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    log_url: str = ""
    identity: str = ""

    def __repr__(self) -> str:
        return f"Grants({', '.join(sorted(self.environment))})"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchTaskTemplate:
    """A Batch task with placeholders for what differs from one to the next.

    :param command: words of the command line, run without a shell
    :param image: container image; empty for a pool without containers
    :param environment: plain environment settings; no secrets
    :param log_folder: folder for stdout.txt and stderr.txt in the log container
    :param max_wall_clock: the service ends the task after this
    :param required_slots: slots it takes on a node
    """

    command: Sequence[str]
    image: str = ""
    registry_server: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    log_folder: str = "{run}/{job}/{task}"
    max_wall_clock: timedelta = timedelta(minutes=15)
    required_slots: int = 1

    def request(self, names: Names, grants: Grants) -> dict[str, Any]:
        """Write one task as the service wants it."""
        plain = {name: names.fill(value) for name, value in self.environment.items()}
        settings = {**plain, **grants.environment}
        body: dict[str, Any] = {
            "id": names.task,
            "displayName": names.item,
            "commandLine": shlex.join(names.fill(word) for word in self.command),
            "environmentSettings": [{"name": name, "value": value} for name, value in settings.items()],
            "requiredSlots": self.required_slots,
            # Retries are Airflow's: it knows causes, and a new attempt keeps the old one's logs.
            "constraints": {
                "maxTaskRetryCount": 0,
                "maxWallClockTime": f"PT{int(self.max_wall_clock.total_seconds())}S",
                "retentionTime": f"PT{int(RETENTION.total_seconds())}S",
            },
        }
        if self.image:
            body["containerSettings"] = self._container(grants)
        if grants.log_url:
            body["outputFiles"] = [self._logs(names, grants)]
        return body

    def _container(self, grants: Grants) -> dict[str, Any]:
        settings: dict[str, Any] = {"imageName": self.image, "containerRunOptions": "--rm"}
        if self.registry_server:
            settings["registry"] = {"registryServer": self.registry_server} | _identity(grants.identity)
        return settings

    def _logs(self, names: Names, grants: Grants) -> dict[str, Any]:
        container = {"containerUrl": grants.log_url, "path": names.fill(self.log_folder)}
        return {
            "filePattern": "../std*.txt",
            "destination": {"container": container | _identity(grants.identity)},
            "uploadOptions": {"uploadCondition": "taskcompletion"},
        }


def _identity(resource_id: str) -> dict[str, Any]:
    return {"identityReference": {"resourceId": resource_id}} if resource_id else {}
