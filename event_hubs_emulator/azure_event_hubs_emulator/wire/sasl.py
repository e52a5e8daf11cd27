"""Signing in before a connection is opened (security, 5.3).

Clients of Event Hubs sign in by tokens later on, over ``$cbs``; here they say ``MSSBCBS`` or ``ANONYMOUS``,
which grants nothing. ``PLAIN`` takes the policy's name and key and grants everything. ``EXTERNAL`` is offered
as by the service and, without TLS, grants nothing.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from azure_event_hubs_emulator.amqp.frames import SASL_FRAME, Frame, frame
from azure_event_hubs_emulator.amqp.performatives import SaslInit, SaslMechanisms, SaslOutcome
from azure_event_hubs_emulator.amqp.types import Array, Symbol, UByte
from azure_event_hubs_emulator.errors import DecodeError
from azure_event_hubs_emulator.service.tokens import Grant

if TYPE_CHECKING:
    from azure_event_hubs_emulator.service.tokens import Policy

MECHANISMS = ("MSSBCBS", "PLAIN", "ANONYMOUS", "EXTERNAL")
_OK, _REFUSED = UByte(0), UByte(1)


def offer() -> bytes:
    """Write the frame that lists the mechanisms."""
    return frame(SaslMechanisms(Array(map(Symbol, MECHANISMS))).encoded(), kind=SASL_FRAME)


def sign_in(received: Frame, policy: Policy) -> tuple[bytes, Grant | None, bool]:
    """Answer the client's choice.

    :return: the frame to answer with, what it grants, and whether it was accepted
    :raises DecodeError: if it is no choice
    """
    if received.kind != SASL_FRAME or received.code != SaslInit.code:
        raise DecodeError("a client begins with sasl-init")
    init = SaslInit.read(received.fields)
    if init.mechanism == "PLAIN":
        grant = _plain(init.initial_response or b"", policy)
        is_accepted = grant is not None
    else:
        grant, is_accepted = None, init.mechanism in MECHANISMS
    outcome = SaslOutcome(_OK if is_accepted else _REFUSED)
    return frame(outcome.encoded(), kind=SASL_FRAME), grant, is_accepted


def _plain(response: bytes, policy: Policy) -> Grant | None:
    _, _, credentials = response.partition(b"\0")
    name, _, key = credentials.partition(b"\0")
    is_right = hmac.compare_digest(name, policy.name.encode()) & hmac.compare_digest(key, policy.key.encode())
    return Grant("", None) if is_right else None
