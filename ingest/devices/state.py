"""What was acknowledged, in a file that is replaced as a whole: the next start goes on from there."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ingest.devices.account import Account
from ingest.devices.dispatch import Position
from ingest.devices.errors import StateRefused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(slots=True)
class SendingState:
    """How far sending has come.

    :param begun: when it began, by the clock of the first start
    :param position: of the last dispatch that was acknowledged or withheld
    :param in_flight: events of the chunk that was being sent
    :param label_bytes: length of the file of labels
    """

    begun: datetime
    position: Position | None = None
    in_flight: int = 0
    label_bytes: int = 0
    account: Account = field(default_factory=Account)

    def to_json(self, identity: Mapping[str, Any]) -> str:
        """Write the state."""
        position = self.position and (self.position.arrival.isoformat(), *self.position[1:])
        facts = {
            "begun": self.begun.isoformat(),
            "position": position,
            "in_flight": self.in_flight,
            "label_bytes": self.label_bytes,
            "account": self.account.to_dict(),
        }
        return json.dumps({"of": identity, **facts}, indent=2)

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> SendingState:
        """Read what :meth:`to_json` wrote.

        :raises ValueError: if it is something else
        :raises KeyError: likewise
        :raises TypeError: likewise
        """
        position = found["position"]
        return cls(
            begun=datetime.fromisoformat(found["begun"]),
            position=position and Position(datetime.fromisoformat(position[0]), *map(int, position[1:])),
            in_flight=int(found["in_flight"]),
            label_bytes=int(found["label_bytes"]),
            account=Account(**found["account"]),
        )


class StateFile:
    """The file of a state.

    :param path: None to keep nothing
    :param identity: what is sent where; another one makes other events
    """

    def __init__(self, path: Path | None, identity: Mapping[str, Any]) -> None:
        self._path = path
        self._identity = json.loads(json.dumps(identity, default=str))

    def load(self, now: datetime) -> SendingState:
        """Return the state; a new one without a file.

        :raises StateRefused: if the file cannot be read, or is of something else
        """
        if self._path is None or not self._path.exists():
            return SendingState(begun=now)
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            identity, state = found["of"], SendingState.read(found)
            differing = [name for name in self._identity if identity.get(name) != self._identity[name]]
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise StateRefused(f"the state {self._path} cannot be read: {error}") from error
        if differing:
            raise StateRefused(
                f"the state {self._path} was written with another {' and another '.join(differing)}: "
                "choose another file, or remove it"
            )
        return state

    def save(self, state: SendingState) -> None:
        """Replace the state.

        :raises StateRefused: if it cannot be written
        """
        if self._path is None:
            return
        new = self._path.with_name(f"{self._path.name}.tmp")
        try:
            new.write_text(state.to_json(self._identity), encoding="utf-8")
            new.replace(self._path)
        except OSError as error:
            raise StateRefused(f"the state {self._path} cannot be written: {error.strerror}") from error
