"""Where messages go besides the log: the setting ``NOTIFY``, read. Pure; who sends is ``alerts/delivery.py``.

Words with blanks between them, each a channel::

    log                          the log of the task that tells; always told, named or not
    smtp:a@example.org,b@...     mail, over Airflow's connection for mail (``smtp_default``)
    apprise                      Slack, Teams, any webhook: the URLs in the connection ``apprise_default``
    apprise:oncall               likewise, in the connection ``oncall``
    package.Notifier{"k": "v"}   any notifier of Airflow with its arguments; ``{{ alert }}`` in a templated
                                 one is the message, ``{{ alert_subject }}`` its first line
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sensor_scoring.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class ChannelKind(StrEnum):
    """Kinds of channels."""

    LOG = "log"
    SMTP = "smtp"
    APPRISE = "apprise"
    NOTIFIER = "notifier"
    """Named by its dotted path; the others by their own word."""


_NOTIFIER = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)
_WORDS = "|".join(kind for kind in ChannelKind if kind is not ChannelKind.NOTIFIER)
_PLAIN = re.compile(rf"(?P<kind>{_WORDS})(:(?P<target>\S+))?(?=\s|$)")
_ADDRESS = re.compile(r"[^@\s,]+@[^@\s,]+")


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to a person.

    :param target: mail addresses with commas, the Apprise connection, or the dotted path of a notifier
    :param arguments: of the notifier; none for the other kinds
    """

    kind: ChannelKind
    target: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.target if self.kind is ChannelKind.NOTIFIER else f"{self.kind}:{self.target}".rstrip(":")


def channels_of(text: str) -> tuple[Channel, ...]:
    """Read the setting; the log is left out, for it is always told.

    :raises SettingsError: naming the word that cannot be a channel
    """
    return tuple(channel for channel in _channels(text) if channel.kind is not ChannelKind.LOG)


def _channels(text: str) -> Iterator[Channel]:
    rest = text.strip()
    while rest:
        channel, end = _plain(rest) or _notifier(rest) or (None, 0)
        if channel is None:
            raise SettingsError(
                f"{rest.split()[0]!r} is no channel: log, smtp:ADDRESS, apprise[:CONNECTION] or the dotted "
                'path of a notifier with its arguments, {"name": "value"}'
            )
        yield channel
        rest = rest[end:].lstrip()


def _plain(text: str) -> tuple[Channel, int] | None:
    found = _PLAIN.match(text)
    if found is None:
        return None
    kind, target = ChannelKind(found["kind"]), found["target"] or ""
    if kind is ChannelKind.SMTP and not all(map(_ADDRESS.fullmatch, target.split(","))):
        raise SettingsError(f"{found.group()!r} names no mail address; write smtp:oncall@example.org")
    if kind is ChannelKind.LOG and target:
        raise SettingsError(f"{found.group()!r}: the log takes no target")
    return Channel(kind, target), found.end()


def _notifier(text: str) -> tuple[Channel, int] | None:
    found = _NOTIFIER.match(text)
    if found is None:
        return None
    end = found.end()
    arguments: dict[str, Any] = {}
    if text[end : end + 1] == "{":
        try:
            arguments, end = json.JSONDecoder().raw_decode(text, end)
        except json.JSONDecodeError as error:
            raise SettingsError(f"the arguments of {found.group()} are not JSON: {error}") from error
    if text[end : end + 1].strip():
        return None
    return Channel(ChannelKind.NOTIFIER, found.group(), arguments), end
