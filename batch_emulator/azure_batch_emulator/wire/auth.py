"""Who may ask: shared-key signatures, or any bearer token where that is allowed."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import parse_moment
from azure_batch_emulator.service.attempts.task_tokens import lets_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from azure_batch_emulator.settings import Settings

_SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
OLDEST = timedelta(minutes=15)
_WITHOUT_BODY = frozenset({"GET", "HEAD"})


class Authenticator:
    """Lets requests of the account in."""

    def __init__(self, settings: Settings) -> None:
        self._account = settings.account
        self._key = base64.b64decode(settings.key)
        self._settings = settings

    def check(self, method: str, raw_path: str, raw_query: str, headers: Mapping[str, str]) -> None:
        """Let a request pass.

        :param raw_path: as sent, percent-encoded
        :raises ApiError: 403 AuthenticationFailed, with the reason, or 400 InvalidAuthenticationInfo
        """
        scheme, _, credential = headers.get("authorization", "").partition(" ")
        if scheme and not credential:
            raise _unreadable()
        if scheme.lower() == "sharedkey":
            self._check_mode("SharedKey")
            if self._settings.refuse_old_requests:
                check_age(headers, datetime.now(UTC))
            self._check_shared_key(credential, method, raw_path, raw_query, headers)
        elif scheme.lower() == "bearer":
            path = raw_path.removeprefix(f"/{self._account}")
            if lets_in(self._settings.key, credential, path):
                self._check_mode("TaskAuthenticationToken")
            elif not self._settings.allow_bearer:
                raise _refused(
                    "a bearer token is a task's own, for its job; any is accepted with --allow-bearer"
                )
            else:
                self._check_mode("AAD")
        else:
            raise _refused("an Authorization header with the scheme SharedKey is needed")

    def _check_mode(self, mode: str) -> None:
        modes = self._settings.authentication_modes
        if mode not in modes:
            raise _refused(f"the account's authentication modes are {', '.join(modes)}, and not {mode}")

    def _check_shared_key(
        self, credential: str, method: str, raw_path: str, raw_query: str, headers: Mapping[str, str]
    ) -> None:
        account, colon, signature = credential.partition(":")
        if not colon:
            raise _unreadable()
        if account.lower() != self._account.lower():
            raise _refused(f"this is the account {self._account}, not {account}")
        for lower in (False, True):
            resource = f"/{account}{raw_path}{_canonical_query(raw_query, lower=lower)}"
            for length in _content_lengths(method, headers):
                text = _string_to_sign(method, headers, length) + resource
                digest = hmac.new(self._key, text.encode(), hashlib.sha256).digest()
                if hmac.compare_digest(base64.b64encode(digest), signature.strip().encode()):
                    return
        raise _refused("the signature does not belong to this request and this key")


def check_age(headers: Mapping[str, str], now: datetime) -> None:
    """Hold a request's date against the machine's time, which is what clients go by.

    :raises ApiError: if it has none, or one that is more than 15 minutes off
    """
    written = headers.get("ocp-date") or headers.get("date", "")
    try:
        age = abs(now - parse_moment(written))
    except ValueError:
        raise _refused("a header ocp-date or Date with the time of the request is needed") from None
    if age > OLDEST:
        raise _refused(f"the request is of {written}, more than {OLDEST} from now")


def _unreadable() -> ApiError:
    message = "The authentication information was not provided in the correct format."
    detail = "SharedKey <account>:<signature> is needed, or Bearer <token>"
    return ApiError(
        400, "InvalidAuthenticationInfo", message, values=(("AuthenticationErrorDetail", detail),)
    )


def _refused(reason: str) -> ApiError:
    return ApiError(
        403,
        "AuthenticationFailed",
        "Server failed to authenticate the request. Make sure the value of Authorization header "
        "is formed correctly including the signature.",
        values=(("AuthenticationErrorDetail", reason),),
    )


def _content_lengths(method: str, headers: Mapping[str, str]) -> Iterator[str]:
    """Tell what clients may have signed: an absent or zero length is "0" to some, empty to others."""
    sent = headers.get("content-length", "")
    if method in _WITHOUT_BODY:
        yield sent
        return
    yield sent or "0"
    if sent in {"", "0"}:
        yield ""


def _string_to_sign(method: str, headers: Mapping[str, str], length: str) -> str:
    values = {**headers, "content-length": length}
    lines = [method, *(values.get(name, "") for name in _SIGNED_HEADERS)]
    lines += [f"{name}:{headers[name]}" for name in sorted(headers) if "ocp-" in name]
    return "\n".join(lines) + "\n"


def _canonical_query(raw_query: str, *, lower: bool) -> str:
    """Write the query as it is signed: names sorted by their code points, first values, decoded."""
    first: dict[str, str] = {}
    for part in raw_query.split("&"):
        name, _, value = part.partition("=")
        decoded = unquote_plus(name)
        if value:
            first.setdefault(decoded.lower() if lower else decoded, unquote_plus(value))
    return "".join(f"\n{name}:{first[name]}" for name in sorted(first))
