"""JSON objects that are not readings themselves: envelopes that contain readings, and objects of other names.

IoT Hub writes each message that it routes to storage as an object with the message in ``Body``: as JSON if
its sender set the content type ``application/json`` and the encoding ``utf-8``, otherwise in base64.
https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-endpoints#azure-storage-as-a-routing-endpoint
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from scoring_contract.reading_files.header_advice import advice_about
from scoring_contract.text import shown

if TYPE_CHECKING:
    import json
    from collections.abc import Collection, Sequence

_BODY = "Body"
_SHOWN_MEMBERS = 10
_STILL_PACKED = (
    "its Body is not JSON: let devices send it with content type application/json and encoding utf-8"
)


def opened(row: dict[str, Any], decoder: json.JSONDecoder) -> list[Any]:
    """Return the objects in an envelope; an object that is not an envelope is returned alone.

    :param decoder: for messages in base64
    """
    if _BODY not in row or any(name.casefold() == "ts" for name in row):
        return [row]
    body = row[_BODY]
    if isinstance(body, str):
        body = _decoded(body, decoder)
    if isinstance(body, dict):
        return [body]
    return body if isinstance(body, list) and body else [row]


def _decoded(text: str, decoder: json.JSONDecoder) -> Any:
    try:
        return decoder.decode(base64.b64decode(text, validate=True).decode())
    except (ValueError, RecursionError):
        return None


def lacking(row: Collection[str], wanted: Sequence[str]) -> list[str]:
    """Return the wanted members that an object lacks, regardless of case."""
    folded = {name.casefold() for name in row}
    return [name for name in wanted if name.casefold() not in folded]


def problem_of(row: Collection[str], wanted: Sequence[str]) -> str:
    """Describe the missing members of an object, with advice; completes "the file ..."."""
    missing = lacking(row, wanted)
    advice = _STILL_PACKED if _BODY in row else advice_about(list(row), missing)
    members = shown(", ".join(list(row)[:_SHOWN_MEMBERS]))
    return f"has no member {' or '.join(missing)}: an object has {members}" + (advice and f"; {advice}")
