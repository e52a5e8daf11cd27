"""Secrets taken out of logs and of what is shown to whoever asks: signatures, keys, passwords."""

from __future__ import annotations

import logging
import re
from typing import Any

HIDDEN = "REDACTED"
_NAMED = re.compile(
    r"(?:\b|(?<=%3F)|(?<=%26))(sig|signature|sharedaccesssignature|accountkey|sharedaccesskey|password|pwd|secret|access_token)"
    r"(\s*(?:=|%3D)\s*)[^&;,\s\"'<>()]+",
    re.IGNORECASE,
)
_CREDENTIAL = re.compile(r"\b(SharedKey\s+[^\s:]+:|Bearer\s+)[^\s\"',]+", re.IGNORECASE)
_USER_OF_URL = re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)")
_SECRET_PROPERTIES = frozenset(
    {"password", "accountkey", "saskey", "sshprivatekey", "protectedsettings", "accesstoken"}
)
_ENVIRONMENTS = frozenset({"environmentsettings", "commonenvironmentsettings"})


def redacted(text: str) -> str:
    """Hide the secrets in a text: of a signed URL its signature, of a connection string its key."""
    text = _NAMED.sub(rf"\1\2{HIDDEN}", text)
    text = _CREDENTIAL.sub(rf"\1{HIDDEN}", text)
    return _USER_OF_URL.sub(rf"\1{HIDDEN}", text)


def redacted_json(value: Any, name: str = "") -> Any:
    """Hide the secrets in JSON, by their properties' names too; of environment settings every value.

    :param name: of the property whose value it is
    """
    if name.lower() in _SECRET_PROPERTIES and value is not None:
        return HIDDEN
    if isinstance(value, dict):
        return {key: redacted_json(each, key) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        if name.lower() in _ENVIRONMENTS:
            return [_without_value(each) for each in value]
        return [redacted_json(each) for each in value]
    return redacted(value) if isinstance(value, str) else value


def _without_value(setting: Any) -> Any:
    return {**setting, "value": HIDDEN} if isinstance(setting, dict) and "value" in setting else setting


class RedactingFormatter(logging.Formatter):
    """Writes log records, tracebacks included, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        return redacted(super().format(record))


class RedactingFilter(logging.Filter):
    """Takes the secrets out of the records of a logger that is not ours, such as one that logs URLs."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change a record, and let it pass."""
        record.msg, record.args = redacted(record.getMessage()), None
        return True
