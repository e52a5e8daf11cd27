"""Deployment numbers, from the environment and through one door. Secrets are in Connections, not here.

Each field is the environment variable ``SENSOR_SCORING_<FIELD>``; what is not set has the default below.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from sensor_scoring.channels import channels_of
from sensor_scoring.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "SENSOR_SCORING_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of a deployment."""

    batch_conn_id: str = "azure_batch_default"
    """Connection of the Batch account."""
    wasb_conn_id: str = "wasb_default"
    """Connection of the storage account."""
    batch_account_id: str = ""
    """ARM resource id of the Batch account, for links into the Azure portal; empty for none."""

    job_prefix: str = "scoring"
    """First word of Batch job ids, at most 16 characters."""
    pool_id: str = "sensor-scoring"
    """Batch pool to create or adopt."""
    vm_size: str = "standard_d2s_v5"
    """Size of the nodes of a pool we create."""
    max_nodes: int = 4
    """Ceiling the autoscale formula may never exceed."""
    slots_per_node: int = 4
    """Batch tasks that run at once on a node of a pool we create."""
    sensors_per_task: int = 0
    """Sensors that one Batch task scores, and one task instance stands for. 0 chooses: 1 up to 400 sensors
    with readings, above that as many as make 400 tasks. Sensors that share files stay together."""
    packed_predictions: bool = False
    """Whether the sensors of a pack share one prediction blob; sensors without a pack never do."""
    autoscale_policy: str = "run-aware"
    """How the pool scales between zero and its ceiling. ``run-aware``: a run announces its load and takes
    that back when it is done; ``keep-warm``: nodes are held every hour from before its work comes;
    ``reactive``: the queue alone decides."""
    floor_minutes: int = 15
    """``run-aware``: how long a run holds the nodes it asked for, if it does not end before."""
    prewarm_minutes: int = 0
    """``run-aware``: how long before an hour's work comes the DAG ``warm_pool`` announces as much as the last
    hour had; 0 for never."""
    keep_warm_minutes: int = 10
    """``keep-warm``: how long before an hour's work comes its nodes are held."""
    warm_nodes: int = 0
    """``keep-warm``: how many nodes; 0 for as many as ``MAX_NODES``."""
    spot: bool = False
    """Whether nodes are Spot nodes; dedicated ones replace those that were evicted or cannot be had."""
    dedicated_nodes: int = 0
    """With ``SPOT``: so many nodes, the first ones, are dedicated all the same."""
    scoring_image: str = "sensor-scoring:latest"
    """Container image of the scorer, with its registry if it has one."""
    registry_server: str = ""
    """Private registry of the image, pulled with ``node_identity``; empty for none."""
    node_identity: str = ""
    """Resource id of the user-assigned identity of the pool's nodes. With it the scorer signs in as the
    node; without it, it gets a short-lived signature per container."""
    node_identity_client_id: str = ""
    """Client id of the same identity, if the nodes have several."""

    data_container: str = "data"
    """Readings."""
    models_container: str = "models"
    """Models and their registry."""
    predictions_container: str = "predictions"
    """Predictions."""
    runs_container: str = "runs"
    """Plans, manifests, reports, summaries."""
    logs_container: str = "logs"
    """What Batch tasks printed."""

    lateness_minutes: float = 5.0
    """How long after its end an hour's readings may still arrive."""
    poll_seconds: float = 15.0
    """Time between two looks at a Batch job."""
    task_minutes: int = 15
    """Wall-clock limit of one Batch task."""
    retry_delay_seconds: float = 10.0
    """Time before the first retry of a failed step or sensor; twice as long before each next one."""
    confirm_seconds: float = 60.0
    """How long the check of the predictions waits for one whose Batch task succeeded."""
    tolerated_failed_share: float = 0.0
    """Share of failed sensors, 0 to 1, up to which a run is still green."""
    silent_hour_fails: bool = False
    """Whether a run is red when no sensor sent anything."""

    notify: str = "log"
    """Who is told when a run needs a person, with blanks between: ``log``, ``smtp:oncall@example.org``,
    ``apprise:CONNECTION`` for Slack, Teams and other webhooks, or a notifier's dotted path; see
    [alerts](alerts.md)."""
    late_minutes: float = 50.0
    """Minutes after the end of its hour at which an unfinished run raises an alert; 0 for never."""
    jump_rise: float = 0.1
    """Rise of a sensor's share of anomalies above its usual one, 0 to 1, that is told of at least; 0 for
    never. See [alerts](alerts.md)."""
    jump_hours: int = 24
    """Hours of a sensor's past that say what is usual."""
    jump_min_readings: int = 30
    """Readings that a sensor must have in an hour for the hour to count."""
    jump_named: int = 10
    """Sensors with a jump of anomalies that a message names, those with the highest."""

    node_hour_price: float = 0.0
    """What an hour of a dedicated node costs, in your currency; 0 for unknown. Summaries then show costs."""
    spot_node_hour_price: float = 0.0
    """The same of a Spot node."""

    keep_jobs_days: int = 7
    """How long ended Batch jobs are kept, with the records of their tasks."""
    keep_runs_days: int = 90
    """How long plans, reports, summaries and logs of a run are kept after the last was written. Readings,
    models and predictions are never deleted."""

    missing_schedule: str = "30 * * * *"
    """When hours are looked for that are not whole, as cron or a preset like ``@daily``; ``never`` for by
    hand only."""
    missing_lookback_hours: int = 48
    """How many hours are looked back on then."""

    train_schedule: str = ""
    """When models are trained anew, as cron or a preset like ``@weekly``; empty for by hand only."""
    train_hours: int = 168
    """Hours that are trained on unless a run says which."""
    train_evaluation_hours: int = 24
    """Hours after those on which new models are judged, unless a run says which."""
    train_pool_id: str = ""
    """Batch pool for training; empty for the pool of scoring, where the hour goes first."""
    train_sensors_per_task: int = 50
    """Sensors that one Batch task trains."""
    train_task_minutes: int = 60
    """Wall-clock limit of one Batch task that trains."""
    train_max_anomaly_share: float = 0.2
    """Gate: share of the later readings that a new model may call anomalies."""
    train_max_drift: float = 0.3
    """Gate: distance, 0 to 1, that a new model's scores may have from the current model's."""
    train_min_readings: int = 30
    """Gate: later readings that a sensor must have for its new model to be judged."""
    train_min_recall: float = 0.5
    """Gate: share of the labelled anomalies that a new model must find, where there are labels."""

    def __post_init__(self) -> None:
        self._check_channels()
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise SettingsError(f"{PREFIX}{name.upper()} is {getattr(self, name)}, not a share")
        for name in _NOT_BELOW_ZERO:
            if getattr(self, name) < 0:
                raise SettingsError(f"{PREFIX}{name.upper()} is {getattr(self, name)}; it must be 0 or more")
        if self.autoscale_policy not in AUTOSCALE_POLICIES:
            known = ", ".join(AUTOSCALE_POLICIES)
            raise SettingsError(f"{PREFIX}AUTOSCALE_POLICY is {self.autoscale_policy!r}, not one of {known}")
        for name in _MINUTES_OF_AN_HOUR:
            if not 0 <= getattr(self, name) < _HOUR_MINUTES:
                raise SettingsError(f"{PREFIX}{name.upper()} is {getattr(self, name)}; it must be 0 to 59")
        for name in _ABOVE_ZERO:
            if getattr(self, name) <= 0:
                raise SettingsError(f"{PREFIX}{name.upper()} is {getattr(self, name)}; it must be above 0")

    @property
    def prewarm_schedule(self) -> str:
        """When, as cron, the coming hour's work is announced; empty for never."""
        if not self.prewarm_minutes or self.autoscale_policy != "run-aware":
            return ""
        return f"{(math.floor(self.lateness_minutes) - self.prewarm_minutes) % _HOUR_MINUTES} * * * *"

    def _check_channels(self) -> None:
        try:
            channels_of(self.notify)
        except SettingsError as error:
            raise SettingsError(f"{PREFIX}NOTIFY: {error}") from error

    @property
    def lateness(self) -> timedelta:
        """How long after its end an hour's readings may still arrive."""
        return timedelta(minutes=self.lateness_minutes)

    @property
    def missing_cron(self) -> str | None:
        """When hours are looked for that are not whole; None for by hand only."""
        return None if self.missing_schedule == "never" else self.missing_schedule

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings.

        :raises SettingsError: naming the variable that cannot be read
        """
        found = {field.name: environ.get(PREFIX + field.name.upper(), "") for field in fields(cls)}
        return cls(
            **{
                field.name: _cast(PREFIX + field.name.upper(), str(field.type), found[field.name])
                for field in fields(cls)
                if found[field.name]
            }
        )


AUTOSCALE_POLICIES = ("run-aware", "keep-warm", "reactive")
_HOUR_MINUTES = 60
_MINUTES_OF_AN_HOUR = ("prewarm_minutes", "keep_warm_minutes")
_SHARES = (
    "tolerated_failed_share",
    "jump_rise",
    "train_max_anomaly_share",
    "train_max_drift",
    "train_min_recall",
)
_NOT_BELOW_ZERO = ("sensors_per_task", "late_minutes")
_ABOVE_ZERO = (
    *("max_nodes", "slots_per_node", "task_minutes", "poll_seconds", "retry_delay_seconds"),
    *("keep_jobs_days", "keep_runs_days"),
    *("jump_hours", "jump_min_readings", "jump_named"),
    "missing_lookback_hours",
    *("train_hours", "train_evaluation_hours", "train_sensors_per_task", "train_task_minutes"),
)


def _cast(variable: str, kind: str, text: str) -> Any:
    try:
        return _CASTS[kind](text)
    except (KeyError, ValueError) as error:
        raise SettingsError(f"{variable} is {text!r}, which is not a value of type {kind}") from error


_CASTS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": lambda text: {"true": True, "1": True, "false": False, "0": False}[text.lower()],
}
