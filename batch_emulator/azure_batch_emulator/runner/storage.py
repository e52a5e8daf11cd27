"""The HTTP client that fetches and delivers the files of attempts."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING

import httpx

from azure_batch_emulator.redaction import RedactingFilter

if TYPE_CHECKING:
    from ssl import SSLContext

_REDACTING = RedactingFilter()
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)


def storage_client() -> httpx.Client:
    """Make a client for Blob Storage, here or in the world; whoever asks for it closes it."""
    logging.getLogger("httpx").addFilter(_REDACTING)  # it logs URLs with their signatures
    # A proxy from the environment is for the world outside, not for storage on this machine.
    return httpx.Client(
        verify=_certificates(),
        timeout=_TIMEOUT,
        mounts={"all://127.0.0.1": None, "all://localhost": None},
        follow_redirects=True,
    )


@cache
def _certificates() -> SSLContext:
    """Read the trusted certificates, once a process: it takes half of an emulator's start."""
    return httpx.create_ssl_context()
