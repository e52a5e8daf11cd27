"""The checks in their order, and how they are run: one that cannot be made says so, and others go on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowException

from scoring_contract.errors import ContractError
from sensor_scoring.errors import ScoringError
from sensor_scoring.preflight import (
    account_checks,
    airflow_checks,
    batch_checks,
    ingest_checks,
    notification_checks,
    quota_checks,
    registry_checks,
    storage_checks,
    trial,
)
from sensor_scoring.preflight.finding import Verdict, fine, missing, skipped, warning
from sensor_scoring.setting_fields import PREFIX
from sensor_scoring.settings import all_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sensor_scoring.preflight.deployment import Deployment
    from sensor_scoring.preflight.finding import Finding


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    :param after: checks that must find nothing missing before it
    :param is_trial: whether it writes, sends or starts something, so that it waits to be told
    """

    name: str
    look: Callable[[Deployment], Iterator[Finding]]
    after: tuple[str, ...] = ()
    is_trial: bool = False


def settings(deployment: Deployment) -> Iterator[Finding]:
    """Read each setting, and name variables that none of them reads."""
    deployment.settings  # noqa: B018  read for its errors
    known = {entry.variable.removeprefix(PREFIX) for entry in all_settings()}
    given = {name.removeprefix(PREFIX) for name in deployment.environ if name.startswith(PREFIX)}
    unread = sorted(given - known)
    for name in unread:
        near = get_close_matches(name, known, n=1)
        remedy = f"{PREFIX}{near[0]}=..." if near else f"unset {PREFIX}{name}"
        yield warning(f"{PREFIX}{name} is no setting, and ignored", remedy)
    if not unread:
        yield fine("all settings can be read")


CHECKS = (
    Check("settings", settings),
    Check("connections", airflow_checks.connections, ("settings",)),
    Check("containers", storage_checks.containers, ("connections",)),
    Check("writing", storage_checks.writing, ("containers",), is_trial=True),
    Check("signatures", storage_checks.signatures, ("containers",)),
    Check("batch account", batch_checks.sign_in, ("connections",)),
    Check("account resource", account_checks.resource, ("connections",)),
    Check("network access", account_checks.network, ("account resource",)),
    Check("sign-in modes", account_checks.sign_in_modes, ("account resource",)),
    Check("account mode", account_checks.allocation_mode, ("account resource",)),
    Check("clock", batch_checks.clock, ("batch account",)),
    Check("node image", batch_checks.node_image, ("batch account",)),
    Check("pool", batch_checks.pool, ("batch account",)),
    Check("registry", registry_checks.registry, ("batch account",)),
    Check("core quota", quota_checks.cores, ("batch account", "account resource")),
    Check("pool and job quotas", quota_checks.counts, ("batch account", "account resource")),
    Check("formula", batch_checks.formula, ("pool",)),
    Check("image", trial.image, ("signatures", "pool", "registry", "formula"), is_trial=True),
    Check("event hub", ingest_checks.event_hub, ("settings",)),
    Check("Stream Analytics job", ingest_checks.stream_job, ("connections",)),
    Check("models", storage_checks.models, ("containers",)),
    Check("readings", storage_checks.readings, ("containers",)),
    Check("Airflow's settings", airflow_checks.configuration, ("containers",)),
    Check("Airflow's processes", airflow_checks.processes),
    Check("channels", notification_checks.channels, ("settings",)),
    Check("messages", notification_checks.messages, ("channels",), is_trial=True),
    Check(
        "one sensor",
        trial.one_sensor,
        ("writing", "signatures", "image", "models", "readings"),
        is_trial=True,
    ),
)


def findings(deployment: Deployment, *, tries: bool) -> Iterator[Finding]:
    """Make all checks, one after the other.

    :param tries: whether to write, send and start what only a trial shows
    """
    stopped: set[str] = set()
    for check in CHECKS:
        blockers = [name for name in check.after if name in stopped]
        if check.is_trial and not tries:
            found = iter([skipped("not tried", "--try")])
        elif blockers:
            stopped.add(check.name)
            found = iter([skipped(f"waits for what is missing: {', '.join(blockers)}")])
        else:
            found = _made(check, deployment)
        for finding in found:
            if finding.verdict is Verdict.MISSING:
                stopped.add(check.name)
            yield replace(finding, check=check.name)


def _made(check: Check, deployment: Deployment) -> Iterator[Finding]:
    try:
        yield from check.look(deployment)
    except (ScoringError, ContractError, AirflowException) as error:
        yield missing(str(error), "")
    except Exception as error:  # noqa: BLE001  a check that breaks must not hide what the others find
        yield missing(f"the check itself failed: {type(error).__name__}: {error}", "")
