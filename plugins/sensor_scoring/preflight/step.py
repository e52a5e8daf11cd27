"""The step of the DAG ``preflight``: logs what the checks find, and fails if something is missing."""

from __future__ import annotations

import logging
import os
from contextlib import closing
from typing import TYPE_CHECKING

from sensor_scoring.errors import DeploymentIncomplete
from sensor_scoring.preflight.checks import findings
from sensor_scoring.preflight.deployment import Deployment
from sensor_scoring.preflight.finding import Verdict
from sensor_scoring.preflight.report import line_of, verdict_over

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)


def look_at_deployment(context: Context) -> list[dict[str, str]]:
    """Make the checks; a run's parameter ``try`` says whether to write, send and score, too.

    :return: the findings
    :raises DeploymentIncomplete: if something is missing
    """
    found = []
    with closing(Deployment(os.environ, context)) as deployment:
        for finding in findings(deployment, tries=bool(context["params"].get("try"))):
            found.append(finding)
            level = logging.INFO if finding.verdict in {Verdict.FINE, Verdict.SKIPPED} else logging.WARNING
            for line in line_of(finding).splitlines():
                log.log(level, "%s", line)
    if any(finding.verdict is Verdict.MISSING for finding in found):
        raise DeploymentIncomplete(verdict_over(found))
    log.info("%s", verdict_over(found))
    return [finding.to_json() for finding in found]
