"""Signatures, keys and passwords are hidden, and nothing else is."""

from __future__ import annotations

import io
import logging

import pytest

from azure_batch_emulator.redaction import RedactingFilter, RedactingFormatter, redacted, redacted_json

URL = "https://x.blob.core.windows.net/c/b?sv=2024-01-01&se=2099-01-01&sig=c2VjcmV0%2F%3D&sp=r"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (URL, "https://x.blob.core.windows.net/c/b?sv=2024-01-01&se=2099-01-01&sig=REDACTED&sp=r"),
        ("?back=http%3A%2F%2Fx%3Fsig%3Dc2VjcmV0&a=1", "?back=http%3A%2F%2Fx%3Fsig%3DREDACTED&a=1"),
        ("AccountName=a;AccountKey=c2VjcmV0==;End=x", "AccountName=a;AccountKey=REDACTED;End=x"),
        ("SharedKey account:c2VjcmV0=", "SharedKey account:REDACTED"),
        ("Authorization: Bearer c2VjcmV0.x", "Authorization: Bearer REDACTED"),
        ("http://me:c2VjcmV0@host/x", "http://me:REDACTED@host/x"),
        ("run --design=4 --signal=9", "run --design=4 --signal=9"),
    ],
)
def test_secrets_are_hidden_and_the_rest_is_not(text: str, shown: str) -> None:
    """The parts that say where and until when stay readable."""
    assert redacted(text) == shown


def test_properties_and_environments_are_hidden_by_name() -> None:
    """A password is secret wherever it is, and any value of an environment may be."""
    body = {
        "registry": {"username": "me", "password": "c2VjcmV0"},
        "mounts": [{"accountKey": "c2VjcmV0", "sasKey": None}],
        "environmentSettings": [{"name": "A", "value": "c2VjcmV0"}, {"name": "B"}],
        "resourceFiles": [{"httpUrl": URL, "filePath": "f"}],
        "count": 3,
    }
    assert redacted_json(body) == {
        "registry": {"username": "me", "password": "REDACTED"},
        "mounts": [{"accountKey": "REDACTED", "sasKey": None}],
        "environmentSettings": [{"name": "A", "value": "REDACTED"}, {"name": "B"}],
        "resourceFiles": [{"httpUrl": redacted(URL), "filePath": "f"}],
        "count": 3,
    }


def test_logs_hide_secrets_in_arguments_and_tracebacks() -> None:
    """Neither a message nor its traceback shows a signature."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(RedactingFormatter("%(message)s"))
    logger = logging.getLogger("of-this-test")
    logger.addHandler(handler)
    logger.error("asked for %s", URL, exc_info=ValueError(URL))
    assert lines.getvalue().count("sig=REDACTED") == 2
    assert "c2VjcmV0" not in lines.getvalue()


def test_records_of_others_are_changed_before_anybody_sees_them() -> None:
    """A library's logger that logs URLs logs them without their signatures."""
    record = logging.LogRecord("httpx", logging.INFO, "", 0, "HTTP Request: %s", (URL,), None)
    assert RedactingFilter().filter(record)
    assert record.getMessage() == f"HTTP Request: {redacted(URL)}"
