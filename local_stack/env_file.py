"""Creates the secrets of the containers: ``python -m local_stack.env_file`` writes ``.env``.

Every installation has its own secrets; none is in the repository, and ``docker-compose.yaml`` has no
defaults. An existing file is never changed, because the database and the stored connections depend on its
secrets; only its mode is corrected if others can access it.
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from local_stack.services.private_files import FILE_MODE, close_to_others

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ENV_FILE = Path(__file__).resolve().parents[1] / ".env"
"""Compose reads it from here; git and image builds ignore it."""


def _key(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode()


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


# No value contains a character that is special in compose files, URLs or JSON ($, #, quotes, spaces).
SECRETS: dict[str, Callable[[], str]] = {
    "POSTGRES_PASSWORD": lambda: secrets.token_urlsafe(32),
    "AIRFLOW_ADMIN_PASSWORD": lambda: secrets.token_urlsafe(18),
    "AIRFLOW_FERNET_KEY": _fernet_key,
    "AIRFLOW_API_SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "AIRFLOW_JWT_SECRET": lambda: secrets.token_urlsafe(48),
    "BATCH_ACCOUNT_KEY": lambda: _key(64),
    "BLOB_ACCOUNT_KEY": lambda: _key(64),
}
"""Name of each secret, and the function that creates its value."""


def create(path: Path) -> bool:
    """Write a file with new secrets, readable only by its owner.

    :return: whether it was written; False if the file exists, which is then left unchanged
    """
    text = "".join(f"{name}={make()}\n" for name, make in SECRETS.items())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(text)
    return True


def missing(path: Path) -> list[str]:
    """Return the secrets that a file does not set."""
    lines = path.read_text(encoding="utf-8").splitlines()
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    return [name for name in SECRETS if not values.get(name)]


def main(argv: Sequence[str]) -> int:
    """Create the file, or check the existing one.

    :return: 1 if a secret is missing, or if others can access the file and another user owns it; otherwise 0
    """
    path = Path(argv[0]) if argv else ENV_FILE
    if create(path):
        print(f"{path} written; the password of admin is AIRFLOW_ADMIN_PASSWORD in it")
        return 0
    try:
        was_open = close_to_others(path)
    except PermissionError:
        print(f"{path} is accessible to others; its owner, another user, must run chmod 600", file=sys.stderr)
        return 1
    if was_open:
        print(f"{path} was accessible to other users of this machine; its mode is now 0600", file=sys.stderr)
    lacking = missing(path)
    if lacking:
        print(f"{path} exists, but does not set {', '.join(lacking)}: add them", file=sys.stderr)
        return 1
    print(f"{path} exists and is complete")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
