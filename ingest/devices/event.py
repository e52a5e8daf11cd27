"""Events as the SDK sends them: a reading in JSON, with its id and perhaps the moment of its arrival."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from azure.eventhub import EventData

from scoring_contract.reading_files.timestamps import text_of

if TYPE_CHECKING:
    from ingest.devices.dispatch import Dispatch
    from ingest.reading import Reading

ARRIVAL = b"x-opt-enqueued-time"
"""Message annotation that the service writes itself; a local hub may take its time from that of a sender.
https://learn.microsoft.com/azure/event-hubs/event-hubs-amqp-protocol-guide"""

_MOST_KEY_BYTES = 128
"""https://learn.microsoft.com/azure/event-hubs/event-hubs-quotas"""
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_NUMBER = re.compile(r"([+-]?)0*(\d*)(?:\.(\d*))?([eE][+-]?\d+)?", re.ASCII)
_SAFE_DIGITS = 18
"""Digits of integers that surely have 64 bits at most: Stream Analytics reads no longer ones."""


def event_of(dispatch: Dispatch, *, keep_arrival: bool) -> EventData:
    """Return the event of a dispatch.

    :param keep_arrival: whether it notes its arrival
    """
    event = EventData(body_of(dispatch.reading).encode())
    event.message_id = dispatch.id
    if keep_arrival:
        event.raw_amqp_message.annotations = {ARRIVAL: dispatch.arrival}
    return event


def body_of(reading: Reading) -> str:
    """Write a reading as a JSON object; the value has the digits of the reading."""
    names = _names(reading.device, reading.tag)
    return f'{{"TS":"{text_of(reading.moment)}",{names},"Value":{json_number(reading.value)}}}'


def partition_key_of(device: str) -> str:
    """Return the partition key of a device: its name, or a digest of a name that is too long for a key."""
    name = device.encode()
    return device if len(name) <= _MOST_KEY_BYTES else sha256(name).hexdigest()


def json_number(text: str) -> str:
    """Write a number as JSON does: ``.5`` and ``+7.`` become ``0.5`` and ``7``.

    :raises ValueError: if it is none
    """
    if len(text) <= _SAFE_DIGITS and _JSON_NUMBER.fullmatch(text):
        return text
    found = _NUMBER.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a number")
    sign, whole, decimals, exponent = found.groups()
    is_long_integer = len(whole) > _SAFE_DIGITS and not (decimals or exponent)
    fraction = decimals or ("0" if is_long_integer else "")
    return f"{sign.strip('+')}{whole or 0}{'.' if fraction else ''}{fraction}{exponent or ''}"


@lru_cache(maxsize=100_000)
def _names(device: str, tag: str) -> str:
    return f'"Device":{json.dumps(device, ensure_ascii=False)},"Tag":{json.dumps(tag, ensure_ascii=False)}'
