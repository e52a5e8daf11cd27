"""Delivers alerts to the log and to the channels of ``NOTIFY``, see ``channels.py``."""

from __future__ import annotations

import html
import logging
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import apprise
from airflow.providers.apprise.hooks.apprise import AppriseHook
from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.sdk.exceptions import AirflowException
from apprise import NotifyType

from sensor_scoring.errors import AlertUndelivered
from sensor_scoring.setting_values.channels import Channel, ChannelKind, channels_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import BaseNotifier, Context

    from sensor_scoring.settings import Settings

log = logging.getLogger(__name__)


def tell(message: str, context: Context, settings: Settings) -> list[str]:
    """Log a message and send it to every configured channel.

    A channel or an address that fails is logged; the others are still tried. A retry sends nothing twice:
    the call fails only if no address took the message.

    :param message: its first line is the subject
    :return: a sentence for each channel that missed an address
    :raises AlertUndelivered: if channels are set and not one of them took the message
    """
    for line in message.splitlines():
        log.warning("ALERT %s", line)
    deliveries = [deliver(channel, message, context) for channel in channels_of(settings.alerts.notify)]
    untold = [delivery.shortfall for delivery in deliveries if delivery.shortfall]
    for shortfall in untold:
        log.warning("%s", shortfall)
    if deliveries and not any(delivery.reached for delivery in deliveries):
        raise AlertUndelivered(f"no channel took the alert: {'; '.join(untold)}")
    return untold


@dataclass(frozen=True, slots=True)
class Delivery:
    """Result of sending a message on one channel.

    :param addresses: how many the channel leads to
    :param refusals: why some of them did not take it, a sentence each
    """

    channel: Channel
    addresses: int
    refusals: tuple[str, ...] = ()

    @property
    def reached(self) -> int:
        """How many addresses took the message."""
        return self.addresses - len(self.refusals)

    @property
    def shortfall(self) -> str:
        """A sentence about the addresses that were missed; empty if none was."""
        if not self.refusals:
            return ""
        reasons = "; ".join(dict.fromkeys(self.refusals))
        if self.addresses == 1:
            return f"{self.channel}: {reasons}"
        missed = f"{len(self.refusals)} of {self.addresses} addresses"
        verb = "was" if len(self.refusals) == 1 else "were"
        return f"{self.channel}: {missed} {verb} not notified: {reasons}"


def deliver(channel: Channel, message: str, context: Context) -> Delivery:
    """Send a message on one channel; that it fails is a fact, no error."""
    try:
        delivery = _SENDERS[channel.kind](channel, message, context)
    except Exception as error:  # a channel of any make must not keep the others from being tried
        log.exception("%s did not take the message", channel)
        return Delivery(channel, 1, (str(error),))
    if delivery.reached:
        log.info("Notified %s", channel)
    return delivery


def _mail(channel: Channel, message: str, context: Context) -> Delivery:
    """Send a mail to each address: of one mail to many the provider drops who was refused."""
    addresses, refusals = channel.target.split(","), []
    for address in addresses:
        mail = SmtpNotifier(to=[address], subject=_subject(message), html_content=_page(message))
        try:
            # Not by calling the notifier: that renders the message as a template, and a message quotes what
            # scorers and services said.
            mail.notify(context)
        except (OSError, AirflowException) as error:  # smtplib's are among the first
            log.warning("%s was not notified", address, exc_info=True)
            refusals.append(f"{address}: {error}")
    return Delivery(channel, len(addresses), tuple(refusals))


def _webhooks(channel: Channel, message: str, context: Context) -> Delivery:  # noqa: ARG001  as the others
    """Send to the URLs of an Apprise connection, one after the other.

    With the provider's connection but not by its notifier, which drops Apprise's answer: a webhook that
    refused the message would pass for one that took it.
    """
    hook = AppriseHook(channel.target or AppriseHook.default_conn_name)
    services = apprise.Apprise()
    hook.set_config_from_conn(hook.get_connection(hook.apprise_conn_id), services)
    if not len(services):
        raise ConnectionError("no address of the connection is one that Apprise knows")
    subject, _, rest = message.partition("\n")
    said: dict[str, Any] = {"title": subject, "body": rest or subject, "notify_type": NotifyType.WARNING}
    taken = [bool(apprise.Apprise(service).notify(**said)) for service in services]
    refusal = "no answer of success; Apprise's lines above say why"
    return Delivery(channel, len(taken), (refusal,) * taken.count(False))


def _any_notifier(channel: Channel, message: str, context: Context) -> Delivery:
    module, _, name = channel.target.rpartition(".")
    make = cast("Callable[..., BaseNotifier]", getattr(import_module(module), name))
    # The deployment's arguments are templates; the message is a value in them and is not rendered itself.
    known: dict[str, Any] = {**context, "alert": message, "alert_subject": _subject(message)}
    make(**channel.arguments)(known)
    return Delivery(channel, 1)


def _subject(message: str) -> str:
    return (message.splitlines() or [""])[0]


def _page(message: str) -> str:
    return "<br>\n".join(html.escape(line) for line in message.splitlines())


_SENDERS: dict[ChannelKind, Callable[[Channel, str, Context], Delivery]] = {
    ChannelKind.SMTP: _mail,
    ChannelKind.APPRISE: _webhooks,
    ChannelKind.NOTIFIER: _any_notifier,
}
