"""Who carries a message: the log always, and what the setting ``NOTIFY`` names, see ``channels.py``."""

from __future__ import annotations

import html
import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import apprise
from airflow.providers.apprise.hooks.apprise import AppriseHook
from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from apprise import NotifyType

from sensor_scoring.channels import Channel, ChannelKind, channels_of
from sensor_scoring.errors import NobodyTold

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import BaseNotifier, Context

    from sensor_scoring.settings import Settings

log = logging.getLogger(__name__)


def tell(message: str, context: Context, settings: Settings) -> None:
    """Send a message to everyone whom the deployment names, and write it into the log.

    A channel that fails is logged and keeps no other from being tried. Nothing is sent twice by a retry:
    the call fails only if nobody was reached.

    :param message: its first line is the subject
    :raises NobodyTold: if channels are set and not one of them took the message
    """
    for line in message.splitlines():
        log.warning("ALERT %s", line)
    channels = channels_of(settings.notify)
    troubles = [trouble for channel in channels if (trouble := _trouble_with(channel, message, context))]
    if channels and len(troubles) == len(channels):
        raise NobodyTold(f"nobody was told: {'; '.join(troubles)}")


def _trouble_with(channel: Channel, message: str, context: Context) -> str:
    """Send by one channel; return why that did not work, or nothing."""
    try:
        _SENDERS[channel.kind](channel, message, context)
    except Exception as error:  # a channel of any make must not keep the others from being tried
        log.exception("%s did not take the message", channel)
        return f"{channel}: {error}"
    log.info("Told %s", channel)
    return ""


def _mail(channel: Channel, message: str, context: Context) -> None:
    mail = SmtpNotifier(to=channel.target.split(","), subject=_subject(message), html_content=_page(message))
    # Not by calling the notifier: that renders the message as a template, and a message quotes what
    # scorers and services said.
    mail.notify(context)


def _webhooks(channel: Channel, message: str, context: Context) -> None:  # noqa: ARG001  as the others
    """Send to the URLs of an Apprise connection, one after the other; one that takes the message is enough.

    With the provider's connection but not by its notifier, which drops Apprise's answer: a webhook that
    refused the message would pass for one that took it.
    """
    hook = AppriseHook(channel.target or AppriseHook.default_conn_name)
    services = apprise.Apprise()
    hook.set_config_from_conn(hook.get_connection(hook.apprise_conn_id), services)
    subject, _, rest = message.partition("\n")
    said: dict[str, Any] = {"title": subject, "body": rest or subject, "notify_type": NotifyType.WARNING}
    taken = [bool(apprise.Apprise(service).notify(**said)) for service in services]
    if not all(taken):
        log.warning("%s: %d of %d services refused the message", channel, taken.count(False), len(taken))
    if not any(taken):
        raise ConnectionError("no service of the connection took the message; Apprise's lines above say why")


def _any_notifier(channel: Channel, message: str, context: Context) -> None:
    module, _, name = channel.target.rpartition(".")
    make = cast("Callable[..., BaseNotifier]", getattr(import_module(module), name))
    # The deployment's arguments are templates; the message is a value in them and is not rendered itself.
    known: dict[str, Any] = {**context, "alert": message, "alert_subject": _subject(message)}
    make(**channel.arguments)(known)


def _subject(message: str) -> str:
    return (message.splitlines() or [""])[0]


def _page(message: str) -> str:
    return "<br>\n".join(html.escape(line) for line in message.splitlines())


_SENDERS: dict[ChannelKind, Callable[[Channel, str, Context], None]] = {
    ChannelKind.SMTP: _mail,
    ChannelKind.APPRISE: _webhooks,
    ChannelKind.NOTIFIER: _any_notifier,
}
