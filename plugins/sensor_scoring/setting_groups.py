"""Groups of settings. Each field is a setting: name, type, default, constraint, and a sentence under it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from scoring_contract.layout import Container
from scoring_contract.predictions import PredictionFormat
from sensor_scoring.errors import SettingsError
from sensor_scoring.setting_fields import SettingGroup, setting, variable_of
from sensor_scoring.setting_values.channels import channels_of
from sensor_scoring.setting_values.constraints import (
    LATENESS_MINUTES,
    POLL_SECONDS,
    SLOTS,
    WALL_CLOCK_SECONDS,
    Choice,
    Pattern,
    Range,
    Schedule,
)
from sensor_scoring.setting_values.image_reference import FORM as IMAGE
from sensor_scoring.setting_values.mount_sources import FORM as MOUNT_FORM
from sensor_scoring.setting_values.node_image import UBUNTU_24_04
from sensor_scoring.setting_values.resource_ids import BATCH_ACCOUNT, STREAM_JOB
from sensor_scoring.setting_values.telemetry_targets import targets_of

AUTOSCALE_POLICIES = ("run-aware", "keep-warm", "reactive")
HOUR_MINUTES = 60

_NEVER = "never"
_MINUTES_OF_AN_HOUR = Range(0, HOUR_MINUTES - 1)
_WALL_CLOCK_MINUTES = Range(1, WALL_CLOCK_SECONDS.most // 60)
_IMAGE = Pattern(IMAGE, "an image's name, with its tag and digest if any")
_NOT_EMPTY = Pattern(r"\S(.*\S)?", "a text that is not empty")
_SHARE = Range(0, 1)
_COUNT = Range(1, 1_000_000_000)
_PRICE = Range(0, 100_000)
_PREFIX = Pattern("[A-Za-z0-9_-]{1,16}", "1 to 16 of A-Z a-z 0-9 _ -")
_BATCH_ID = Pattern("[A-Za-z0-9_-]{1,64}", "1 to 64 of A-Z a-z 0-9 _ -")
_BATCH_ID_OR_EMPTY = Pattern("[A-Za-z0-9_-]{0,64}", "at most 64 of A-Z a-z 0-9 _ -")
_MOUNT = Pattern(MOUNT_FORM, "blob, the URL of a share of Azure Files, an export of NFS, or empty")
_BATCH_ACCOUNT = Pattern(
    f"({BATCH_ACCOUNT})?", "a resource id, /subscriptions/.../batchAccounts/<name>, or empty"
)
_STREAM_JOB = Pattern(f"({STREAM_JOB})?", "a resource id, /subscriptions/.../streamingjobs/<name>, or empty")
_CONTAINER = Pattern(
    "(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*", "a container name: 3 to 63 of a-z 0-9 and single hyphens between"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings(SettingGroup):
    """Connections of Airflow, and the account that they lead to."""

    batch_conn_id: str = "azure_batch_default"
    """Connection of the Batch account."""
    wasb_conn_id: str = "wasb_default"
    """Connection of the storage account."""
    batch_account_id: str = setting("", _BATCH_ACCOUNT)
    """ARM resource id of the Batch account. With it a run makes a pool whose nodes have an identity, the
    [preflight](preflight.md) looks at quotas and the account's mode, and pages link into the Azure portal."""
    event_hub_conn_id: str = ""
    """Connection of the event hub that devices send to, for the [preflight](preflight.md): host is the
    namespace, schema the hub. Empty where readings come another way."""
    stream_job_id: str = setting("", _STREAM_JOB)
    """ARM resource id of the Stream Analytics job that writes readings, for the preflight, too."""
    allow_account_keys: bool = False
    """Whether connections may sign in with an account key to an account that is not on this machine: for
    emulators in containers, and for accounts that take no identity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSettings(SettingGroup):
    """The Batch pool: its nodes, and the image that they run."""

    pool_id: str = setting("sensor-scoring", _BATCH_ID)
    """Batch pool to create or adopt."""
    vm_size: str = "standard_d2s_v5"
    """Size of the nodes of a pool we create."""
    node_image_publisher: str = setting(UBUNTU_24_04.publisher, _NOT_EMPTY)
    """Marketplace image of the nodes of a pool we create: its publisher. The image must have a container
    runtime; ``az batch pool supported-images list`` shows those that have."""
    node_image_offer: str = setting(UBUNTU_24_04.offer, _NOT_EMPTY)
    """Its offer."""
    node_image_sku: str = setting(UBUNTU_24_04.sku, _NOT_EMPTY)
    """Its SKU."""
    node_agent_sku: str = setting(UBUNTU_24_04.agent, _NOT_EMPTY)
    """Batch node agent that goes with it."""
    slots_per_node: int = setting(4, SLOTS)
    """Batch tasks that run at once on a node of a pool we create."""
    scoring_image: str = setting("sensor-scoring:latest", _IMAGE)
    """Container image of the scorer, with its registry if it has one. With a digest, ``name:tag@sha256:...``,
    all nodes run the same; a tag alone means what it points to when a node pulls it."""
    registry_server: str = ""
    """Private registry of the image, pulled with ``node_identity``; empty for none."""
    node_identity: str = ""
    """Resource id of the user-assigned identity of the pool's nodes. With it the scorer signs in as the
    node; without it, it gets short-lived signatures of blobs. A pool we create has it if
    ``BATCH_ACCOUNT_ID`` is set."""
    node_identity_client_id: str = ""
    """Client id of the same identity, if the nodes have several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MountSettings(SettingGroup):
    """[Mounts](mounts.md) of a pool we create: the scorer reads there what it would read over HTTP."""

    data_mount: str = setting("", _MOUNT)
    """What nodes mount for readings: ``blob``, the container itself through BlobFuse; a share of Azure Files,
    ``https://<account>.file.core.windows.net/<share>``; an export of NFS, ``<server>:/<export>``. Empty to
    read them over HTTP."""
    models_mount: str = setting("", _MOUNT)
    """The same for models."""
    mount_conn_id: str = ""
    """Connection of type ``wasb`` with the account key to mount with: a share of Azure Files takes nothing
    else, ``blob`` takes it without ``NODE_IDENTITY``. Empty for ``WASB_CONN_ID``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoscaleSettings(SettingGroup):
    """How many nodes the pool has, and what they cost."""

    max_nodes: int = setting(4, Range(1, 10_000))
    """Ceiling the autoscale formula may never exceed."""
    autoscale_policy: str = setting("run-aware", Choice(AUTOSCALE_POLICIES))
    """How the pool scales between zero and its ceiling. ``run-aware``: a run announces its load and takes
    that back when it is done; ``keep-warm``: nodes are held every hour from before its work comes;
    ``reactive``: the queue alone decides."""
    floor_minutes: int = setting(15, Range(0, 1440))
    """``run-aware``: how long a run holds the nodes it asked for, if it does not end before."""
    prewarm_minutes: int = setting(0, _MINUTES_OF_AN_HOUR)
    """``run-aware``: how long before an hour's work comes the DAG ``warm_pool`` announces as much as the last
    hour had; 0 for never."""
    keep_warm_minutes: int = setting(10, _MINUTES_OF_AN_HOUR)
    """``keep-warm``: how long before an hour's work comes its nodes are held."""
    warm_nodes: int = setting(0, Range(0, 10_000))
    """``keep-warm``: how many nodes; 0 for as many as ``MAX_NODES``."""
    spot: bool = False
    """Whether nodes are Spot nodes; dedicated ones replace those that were evicted or cannot be had."""
    dedicated_nodes: int = setting(0, Range(0, 10_000))
    """With ``SPOT``: so many nodes, the first ones, are dedicated all the same."""
    node_hour_price: float = setting(0.0, _PRICE)
    """Price of a dedicated node-hour in your currency; 0 for unknown. Summaries then show costs."""
    spot_node_hour_price: float = setting(0.0, _PRICE)
    """Price of a Spot node-hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSettings(SettingGroup):
    """Containers of the storage account."""

    data_container: str = setting("data", _CONTAINER)
    """Readings."""
    models_container: str = setting("models", _CONTAINER)
    """Models and their registry."""
    predictions_container: str = setting("predictions", _CONTAINER)
    """Predictions."""
    runs_container: str = setting("runs", _CONTAINER)
    """Plans, manifests, reports, summaries."""
    logs_container: str = setting("logs", _CONTAINER)
    """Output of Batch tasks."""

    def name_of(self, container: Container) -> str:
        """Return the name of a container by its role."""
        return str(getattr(self, f"{container.name.lower()}_container"))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all containers, each once."""
        return tuple(dict.fromkeys(map(self.name_of, Container)))


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlySettings(SettingGroup):
    """The run that scores an hour."""

    job_prefix: str = setting("scoring", _PREFIX)
    """First word of Batch job ids, at most 16 characters."""
    sensors_per_task: int = setting(0, Range(0, 100_000))
    """Sensors that one Batch task scores, and one task instance stands for. 0 chooses: 1 up to 400 sensors
    with readings, above that as many as make 400 tasks. Sensors that share files stay together."""
    backfill_sensors_per_task: int = setting(0, Range(0, 100_000))
    """The same for runs of a backfill; 0 for as any other run. Hours that nobody waits for, sensor by sensor,
    cost Airflow less in few Batch tasks: a day of 15 sensors, less than half."""
    packed_predictions: bool = False
    """Whether the sensors of a pack share one prediction blob; sensors without a pack never do. An hour that
    has predictions keeps them where they are when it is scored again."""
    predictions_format: str = setting("csv", Choice(tuple(PredictionFormat)))
    """Format of the predictions. An hour that has predictions keeps their format when it is scored again."""
    lateness_minutes: float = setting(5.0, LATENESS_MINUTES)
    """How long after its end an hour's readings may still arrive."""
    poll_seconds: float = setting(15.0, POLL_SECONDS)
    """Time between two looks at a Batch job."""
    task_minutes: int = setting(15, _WALL_CLOCK_MINUTES)
    """Wall-clock limit of one Batch task."""
    retry_delay_seconds: float = setting(10.0, Range(0.1, 3600))
    """Time before the first retry of a failed step or sensor; twice as long before each next one."""
    confirm_seconds: float = setting(60.0, Range(0, 3600))
    """How long the check of the predictions waits for one whose Batch task succeeded."""
    tolerated_failed_share: float = setting(0.0, _SHARE)
    """Share of failed sensors, 0 to 1, up to which a run still succeeds, as amber."""
    silent_hour_fails: bool = False
    """Whether an hour without any readings fails its run."""

    def per_task(self, *, is_backfill: bool) -> int:
        """Return how many sensors one Batch task of a run scores; 0 lets the plan choose."""
        return (is_backfill and self.backfill_sensors_per_task) or self.sensors_per_task

    @property
    def lateness(self) -> timedelta:
        """How long after its end an hour's readings may still arrive."""
        return timedelta(minutes=self.lateness_minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings(SettingGroup):
    """What raises an alert, and where it goes."""

    notify: str = "log"
    """Channels of alerts, separated by blanks, for example ``smtp:oncall@example.org``;
    [alerts](alerts.md) lists them."""
    late_minutes: float = setting(50.0, Range(0, 1440))
    """Minutes after the end of its hour at which an unfinished run raises an alert; 0 for never."""
    spike_rise: float = setting(0.1, _SHARE)
    """Least rise of a sensor's anomaly rate above its baseline, 0 to 1, that raises an alert; 0 for never.
    See [alerts](alerts.md)."""
    spike_hours: int = setting(24, Range(1, 720))
    """Length of the baseline, in hours."""
    spike_min_readings: int = setting(30, _COUNT)
    """Readings that a sensor needs in an hour for the hour to count."""
    spikes_named: int = setting(10, Range(1, 1000))
    """Sensors with an anomaly spike that a message names, the highest first."""

    def __post_init__(self) -> None:
        SettingGroup.__post_init__(self)
        try:
            channels_of(self.notify)
        except SettingsError as error:
            raise SettingsError(f"{variable_of('notify')}: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolWatchSettings(SettingGroup):
    """The [watch](alerts.md) of the pool between runs."""

    pool_watch: bool = True
    """Whether the DAG ``pool_watch`` has a schedule: every ten minutes it tells of a pool that is stuck."""
    pool_cures_a_day: int = setting(6, Range(0, 100))
    """Cures of a pool in 24 hours, at most: setting its formula again, a reboot or the removal of a node on
    which no task runs. 0 for none. Only a pool that a run has made is cured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetrySettings(SettingGroup):
    """Traces and metrics, and where they go. See [monitoring](monitoring.md)."""

    telemetry: str = ""
    """Targets, separated by blanks: ``otlp`` or ``application-insights``, each with its connection after a
    colon unless that is ``otlp_default`` or ``application_insights_default``; empty for none."""
    telemetry_seconds: float = setting(10.0, Range(0.1, 60))
    """How long a step may wait for all targets together; what they have not taken by then is lost."""

    def __post_init__(self) -> None:
        SettingGroup.__post_init__(self)
        try:
            targets_of(self.telemetry)
        except SettingsError as error:
            raise SettingsError(f"{variable_of('telemetry')}: {error}") from error

    @property
    def is_on(self) -> bool:
        """Whether there is a target."""
        return bool(targets_of(self.telemetry))


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingHoursSettings(SettingGroup):
    """The search for incomplete hours."""

    missing_schedule: str = setting("30 * * * *", Schedule(never=_NEVER))
    """Schedule of the search for incomplete hours: cron, a preset like ``@daily``, or ``never``."""
    missing_lookback_hours: int = setting(48, Range(1, 8760))
    """Length of that search, in hours up to now."""

    @property
    def missing_cron(self) -> str | None:
        """Cron of the search for incomplete hours; None for none."""
        return None if self.missing_schedule == _NEVER else self.missing_schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings(SettingGroup):
    """Training, and the gate on new models."""

    train_schedule: str = setting("", Schedule())
    """Schedule of training, as cron or a preset like ``@weekly``; empty for manual runs only."""
    train_hours: int = setting(168, Range(1, 87_600))
    """Hours to train on, unless a run names them."""
    train_evaluation_hours: int = setting(24, Range(1, 8760))
    """Hours after those to evaluate new models on, unless a run names them."""
    train_pool_id: str = setting("", _BATCH_ID_OR_EMPTY)
    """Batch pool for training; empty for the pool of scoring, where the hour goes first."""
    train_sensors_per_task: int = setting(50, Range(1, 100_000))
    """Sensors that one Batch task trains."""
    train_task_minutes: int = setting(60, _WALL_CLOCK_MINUTES)
    """Wall-clock limit of one Batch task that trains."""
    train_max_anomaly_share: float = setting(0.2, _SHARE)
    """Gate: share of the later readings that a new model may call anomalies."""
    train_max_drift: float = setting(0.3, _SHARE)
    """Gate: distance, 0 to 1, that a new model's scores may have from the current model's."""
    train_min_readings: int = setting(30, _COUNT)
    """Gate: later readings that a sensor must have for its new model to be judged."""
    train_min_recall: float = setting(0.5, _SHARE)
    """Gate: share of the labelled anomalies that a new model must find, where there are labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepSettings(SettingGroup):
    """How long things are kept."""

    keep_jobs_days: int = setting(7, Range(1, 3650))
    """How long ended Batch jobs are kept, with the records of their tasks."""
    keep_runs_days: int = setting(90, Range(1, 36_500))
    """How long plans, reports, summaries and logs of a run are kept after the last was written. Readings,
    models and predictions are never deleted."""
    keep_history_days: int = setting(730, Range(1, 36_500))
    """How long the [record](fleet.md) of an hour, which outlives its runs, is kept after it was written."""

    @property
    def keep_jobs(self) -> timedelta:
        """How long a Batch job stays after it ended."""
        return timedelta(days=self.keep_jobs_days)
