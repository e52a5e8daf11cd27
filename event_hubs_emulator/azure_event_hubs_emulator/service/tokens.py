"""Shared access signatures, checked as the service does.

https://learn.microsoft.com/en-us/azure/event-hubs/authenticate-shared-access-signature: the signature is the
HMAC-SHA256 of the encoded URI and the expiry, with the text of the policy's key. What the service says of a
wrong one was read in issues of its clients, such as https://github.com/sandrinodimattia/RedDog/issues/4.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from azure_event_hubs_emulator.errors import TokenRefused

SAS_TYPE, JWT_TYPE = "servicebus.windows.net:sastoken", "jwt"
_PREFIX = "SharedAccessSignature "
_LONGEST_TOKEN = 16 << 10


@dataclass(frozen=True, slots=True)
class Policy:
    """A shared access policy; who has its key may send and listen."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows: everything below a path, until a moment.

    :param path: lower case, without slashes at its ends; empty for the whole namespace
    :param expires: None if it never does
    """

    path: str
    expires: datetime | None

    def covers(self, path: str, *, now: datetime) -> bool:
        """Tell whether it is valid for an entity."""
        return self.is_valid(now) and (not self.path or f"{path}/".startswith(f"{self.path}/"))

    def is_valid(self, now: datetime) -> bool:
        """Tell whether it has not expired."""
        return self.expires is None or now < self.expires


def path_of(uri: str) -> str:
    """Take from an address what grants and entities are compared by: its path, in lower case."""
    return (urlsplit(uri).path if "://" in uri else uri).strip("/").lower()


def check_sas(token: str, *, audience: str, policy: Policy, now: datetime) -> Grant:
    """Check a signature.

    :param audience: the URI it was put for
    :return: what it allows
    :raises TokenRefused: if it is malformed, wrong, expired, or for something else
    """
    fields = _fields(token)
    expected = _signature(fields["sr"], fields["se"], policy.key)
    if fields["skn"] != policy.name or not hmac.compare_digest(
        expected.encode(), unquote(fields["sig"]).encode()
    ):
        raise TokenRefused("InvalidSignature: The token has an invalid signature.")
    expires = _moment(fields["se"])
    if expires <= now:
        raise TokenRefused(
            f"ExpiredToken: The token is expired. Expiration time: {expires:%Y-%m-%dT%H:%M:%SZ}."
        )
    resource = unquote(fields["sr"])
    grant = Grant(path_of(resource), expires)
    if _host(resource) != _host(audience) or not grant.covers(path_of(audience), now=now):
        raise TokenRefused(
            "InvalidAudience: The authorization header contains a token with a wrong audience."
        )
    return grant


def _fields(token: str) -> dict[str, str]:
    parts = [part.partition("=") for part in token.removeprefix(_PREFIX).split("&")]
    fields = {name.strip(): value for name, _, value in parts}
    missing = {"sr", "sig", "se", "skn"} - fields.keys()
    if not token.startswith(_PREFIX) or missing or len(token) > _LONGEST_TOKEN:
        raise TokenRefused("MalformedToken: The token is malformed: sr, sig, se and skn are needed.")
    return fields


def _moment(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        raise TokenRefused("MalformedToken: The token is malformed: se is no time in seconds.") from None


def _host(uri: str) -> str:
    try:
        return (urlsplit(uri).hostname or "").lower()
    except ValueError:
        raise TokenRefused("MalformedToken: The token is malformed: sr is no URI.") from None


def _signature(resource: str, expiry: str, key: str) -> str:
    text = f"{resource}\n{expiry}".encode()
    return base64.b64encode(hmac.digest(key.encode(), text, hashlib.sha256)).decode()
