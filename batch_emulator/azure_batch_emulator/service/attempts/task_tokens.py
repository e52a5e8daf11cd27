"""Tokens that tasks get with ``authenticationTokenSettings``: each lets in to the operations of one job."""

from __future__ import annotations

import base64
import hashlib
import hmac


def made_for(key: str, job_id: str) -> str:
    """Make the token for a job.

    :param key: of the account, base64
    """
    name = base64.urlsafe_b64encode(job_id.lower().encode()).decode()
    digest = hmac.new(base64.b64decode(key), f"task token {name}".encode(), hashlib.sha256).hexdigest()
    return f"{name}.{digest}"


def lets_in(key: str, token: str, path: str) -> bool:
    """Tell whether a token is for a path: its job, and what is below.

    :param path: of the request, percent-encoded, without what stands before the account's resources
    """
    head, _, rest = path.lower().partition("/jobs/")
    job_id = rest.partition("/")[0].partition("?")[0]
    known = not head and bool(job_id)
    return known and hmac.compare_digest(made_for(key, job_id).encode(), token.encode())
