"""The numbers and switches of one emulator, checked once, at the door."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from azure_batch_emulator.errors import BadSetting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

POOL_ALLOCATION_MODES = ("BatchService", "UserSubscription")
PUBLIC_NETWORK_ACCESSES = ("Enabled", "Disabled", "SecuredByPerimeter")
AUTHENTICATION_MODES = ("SharedKey", "AAD", "TaskAuthenticationToken")
_TOKEN = re.compile(r"[!-~]{16,}")


@dataclass(frozen=True, slots=True)
class Settings:
    """How one emulator behaves; every field is a choice a person can make at start-up."""

    account: str
    """Batch account name; also the first part of every signature."""
    key: str
    """Account key, base64."""
    data: Path
    """Folder of the account: its state, and the files of nodes and tasks."""
    boot: timedelta = timedelta(seconds=2)
    """From the request for a node to an idle node; the first half is allocation."""
    images: Mapping[str, Path] = field(default_factory=dict)
    """Container image name to the folder that stands for it (its ``bin`` comes first on PATH)."""
    containers: bool = False
    """Run tasks that name an image in containers of an engine, instead of as processes."""
    engine: str | None = None
    """``docker`` or ``podman``; None for the first on PATH."""
    image_aliases: Mapping[str, str] = field(default_factory=dict)
    """Container image name to the image that the engine has for it."""
    applications: Mapping[tuple[str, str], Path] = field(default_factory=dict)
    """Application id and version to the folder that stands for the unpacked package. The last version of an
    application is its default."""
    mounts: Mapping[str, Path] = field(default_factory=dict)
    """What a pool mounts (``account/container``, a share's URL or a source) to the folder in its place."""
    auto_storage: str | None = None
    """Signed URL of the account's storage; None if it has none. It is never kept."""
    stop_grace: timedelta = timedelta(seconds=5)
    """Between SIGTERM and SIGKILL when a task is ended."""
    allow_bearer: bool = False
    """Accept any bearer token beside shared-key signatures."""
    refuse_old_requests: bool = False
    """Refuse signed requests whose date is more than 15 minutes from the machine's time."""
    deletion: timedelta = timedelta()
    """How long pools and jobs with nothing left in them are still being deleted."""
    supported_images: Path | None = None
    """JSON file with what ``supportedimages`` lists; None for a few of the documentation's."""
    active_job_quota: int = 300
    """Jobs that may be active at once."""
    pool_quota: int = 100
    """Pools the account may hold."""
    subscription: str = "00000000-0000-0000-0000-000000000000"
    """Subscription of the account, in Azure Resource Manager."""
    resource_group: str = "local"
    """Resource group of the account, in Azure Resource Manager."""
    location: str = "local"
    """Region of the account, in Azure Resource Manager."""
    pool_allocation_mode: str = POOL_ALLOCATION_MODES[0]
    """Whose subscription nodes are said to be in; one of :data:`POOL_ALLOCATION_MODES`."""
    public_network_access: str = PUBLIC_NETWORK_ACCESSES[0]
    """Who is said to reach the account; one of :data:`PUBLIC_NETWORK_ACCESSES`."""
    authentication_modes: Sequence[str] = AUTHENTICATION_MODES
    """How requests of the data plane may sign in; some of :data:`AUTHENTICATION_MODES`."""
    core_quota: int | None = None
    """Dedicated cores of the account; None for no limit."""
    low_priority_core_quota: int | None = None
    """Low-priority cores of the account; None for no limit."""
    sample_period: timedelta = timedelta(seconds=30)
    """Between two autoscale samples."""
    sample_lag: timedelta = timedelta(seconds=60)
    """Until a sample becomes visible to formulas."""
    enable_interval: timedelta = timedelta(seconds=30)
    """Between two enable-autoscale requests for one pool."""
    allow_short_intervals: bool = False
    """Accept evaluation intervals under five minutes and resize time-outs likewise."""
    idle_timeout: timedelta = timedelta(seconds=120)
    """Real time until a connection without a request is closed."""
    request_timeout: timedelta = timedelta(seconds=60)
    """Real time from the first byte of a request to its last."""
    send_timeout: timedelta = timedelta(seconds=60)
    """Real time for which an answer waits for a client that reads nothing of it."""
    controls: bool = False
    """Answer unsigned requests below /_emulator, which make things fail; without a token on loopback only."""
    control_token: str = field(default="", repr=False)
    """Token that these requests must have; it turns the controls on. Empty for none."""
    certificate: Path | None = None
    """PEM file with the certificate to serve https with; None for plain HTTP. Clients that sign in with a
    token speak https only."""
    certificate_key: Path | None = None
    """PEM file with its private key; None if the certificate's file holds it."""

    def __post_init__(self) -> None:
        for file in (self.certificate, self.certificate_key, self.supported_images):
            if file is not None and not file.is_file():
                raise BadSetting(f"there is no file {file}")
        self._check_runs()
        self._check_names()
        self._check_words()
        try:
            base64.b64decode(self.key, validate=True)
        except (binascii.Error, ValueError):
            raise BadSetting("the account key must be valid base64") from None
        if not self.key:
            raise BadSetting("an account key is needed: pass --key or set AZURE_BATCH_EMULATOR_KEY")
        if (
            min(self.boot, self.stop_grace, self.sample_lag, self.enable_interval, self.deletion)
            < timedelta()
        ):
            raise BadSetting("spans of time must not be negative")
        if min(self.idle_timeout, self.request_timeout, self.send_timeout) <= timedelta():
            raise BadSetting("time-outs of connections must be longer than nothing")
        if self.sample_period <= timedelta():
            raise BadSetting("the sample period must be longer than nothing")
        if self.control_token and not _TOKEN.fullmatch(self.control_token):
            raise BadSetting("the control token must be 16 or more printable characters without blanks")

    @property
    def has_controls(self) -> bool:
        """Whether requests below /_emulator are answered."""
        return self.controls or bool(self.control_token)

    def _check_names(self) -> None:
        """Hold against their rule the names that stand in paths."""
        names = {
            "account name": self.account,
            "subscription": self.subscription,
            "resource group": self.resource_group,
            "location": self.location,
        }
        for meaning, name in names.items():
            if not name or "/" in name:
                raise BadSetting(f"the {meaning} must not be empty and must not hold a slash")

    def _check_words(self) -> None:
        """Hold against the service's enumerations what the account is said to be."""
        for name, given, known in (
            ("pool allocation mode", [self.pool_allocation_mode], POOL_ALLOCATION_MODES),
            ("public network access", [self.public_network_access], PUBLIC_NETWORK_ACCESSES),
            ("authentication modes", self.authentication_modes, AUTHENTICATION_MODES),
        ):
            if not given or not set(given) <= set(known):
                raise BadSetting(f"the {name} must be of {', '.join(known)}")

    def _check_runs(self) -> None:
        """Hold against each other what is about running tasks."""
        if self.containers and self.images:
            raise BadSetting("with containers an image is no folder: use --image-alias instead of --image")
        if not self.containers and (self.image_aliases or self.engine):
            raise BadSetting("--image-alias and --engine are for --runner container")
        if self.auto_storage is not None and not self.auto_storage.startswith(("http://", "https://")):
            raise BadSetting("--auto-storage takes the URL of a storage account, with its signature")
