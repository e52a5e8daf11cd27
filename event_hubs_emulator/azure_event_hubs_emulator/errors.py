"""Everything this package raises on purpose.

EmulatorError
├── AmqpError       the peer is told so: a condition of AMQP or of Event Hubs, and a sentence
│   └── DecodeError     bytes are not what the protocol says
├── TokenRefused    a token authorises nothing; carries the status that ``$cbs`` answers with
├── BadSetting      the emulator was started with a setting that makes no sense
├── BadState        the data folder is in use, damaged, or of other hubs than those configured
└── StoreError      a segment could not be written or read
"""

from __future__ import annotations


class EmulatorError(Exception):
    """Root of the tree."""


class AmqpError(EmulatorError):
    """What a peer is told when its link, session or connection is ended."""

    def __init__(self, condition: str, description: str) -> None:
        super().__init__(condition, description)
        self.condition = condition
        self.description = description

    def __str__(self) -> str:
        return f"{self.condition}: {self.description}"


class DecodeError(AmqpError):
    """Bytes are not what the protocol says."""

    def __init__(self, description: str) -> None:
        super().__init__("amqp:decode-error", description)

    def __reduce__(self) -> tuple[type[DecodeError], tuple[str]]:
        return DecodeError, (self.description,)


class TokenRefused(EmulatorError):
    """A token authorises nothing; the status and the sentence are what ``$cbs`` answers."""

    def __init__(self, description: str, *, status: int = 401) -> None:
        super().__init__(description)
        self.description = description
        self.status = status


class BadSetting(EmulatorError):
    """A start-up setting makes no sense; the sentence says which and why."""


class BadState(EmulatorError):
    """A data folder cannot be gone on with; the sentence says why, and the folder is as it was."""


class StoreError(EmulatorError):
    """A segment could not be written or read; nothing of the event in question was confirmed."""
