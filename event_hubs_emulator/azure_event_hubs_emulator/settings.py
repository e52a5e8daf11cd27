"""The numbers and switches of one emulator, checked once, at the door."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from azure_event_hubs_emulator.errors import BadSetting
from azure_event_hubs_emulator.hubs import HubSpec, distinct
from azure_event_hubs_emulator.service.tokens import Policy
from azure_event_hubs_emulator.store.partition_log import Retention

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_POLICY = "RootManageSharedAccessKey"


def new_key() -> str:
    """Make a key that nobody guesses."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Settings:
    """How one emulator behaves; every field is a choice a person can make at start-up."""

    data: Path
    """Folder of events; no two emulators share one."""
    hubs: tuple[HubSpec, ...]
    """The hubs that are served."""
    policy: Policy = field(default_factory=lambda: Policy(DEFAULT_POLICY, new_key()))
    """Whose key signs tokens."""
    retention: Retention = field(default_factory=Retention)
    """How long, and how much of each partition, events are kept."""
    fsync: bool = False
    """Whether an event is on the disk, not only with the kernel, before it is acknowledged."""
    keep_nothing: bool = False
    """Whether events are acknowledged and forgotten."""
    arrivals_by_events: bool = False
    """Whether events say when they arrive, in ``x-opt-enqueued-time``; else the clock does."""
    allow_jwt: bool = False
    """Whether any JSON web token is accepted, unread."""
    max_message_bytes: int = 1 << 20
    """Size over which a message or a batch is refused."""
    idle_seconds: float = 240.0
    """Silence after which a connection is closed; clients are told to speak twice as often."""
    handshake_seconds: float = 30.0
    """Within which a new connection has to be open."""
    most_connections: int = 1000
    """Connections beyond which no further one is taken."""

    def __post_init__(self) -> None:
        distinct(self.hubs)
        if self.idle_seconds <= 0 or self.handshake_seconds <= 0:
            raise BadSetting("time-outs must be above 0 seconds")
        if self.max_message_bytes < 1024 or self.retention.segment_bytes < 1024:  # noqa: PLR2004  a kilobyte
            raise BadSetting("messages and segments cannot be limited to less than 1024 bytes")
        if self.retention.milliseconds <= 0 or self.retention.most_bytes <= 0:
            raise BadSetting("retention must be above 0")
        if not self.policy.name or not self.policy.key:
            raise BadSetting("the policy needs a name and a key")
