"""The secrets of the containers, made once: ``python -m local_stack.env_file`` writes ``.env``.

Every installation has its own; none is in the repository, and ``docker-compose.yaml`` has no defaults for
them. A file that exists is never written to: the database and the stored connections know its secrets. If
others could read it, that ends.
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from local_stack.private_files import FILE_MODE, close_to_others

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ENV_FILE = Path(__file__).resolve().parents[1] / ".env"
"""Where compose looks for it; ignored by git and by image builds."""


def _key(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode()


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


# No value holds a character that compose, a URL or JSON reads in a way of its own ($, #, quotes, blanks).
SECRETS: dict[str, Callable[[], str]] = {
    "POSTGRES_PASSWORD": lambda: secrets.token_urlsafe(32),
    "AIRFLOW_ADMIN_PASSWORD": lambda: secrets.token_urlsafe(18),
    "AIRFLOW_FERNET_KEY": _fernet_key,
    "AIRFLOW_API_SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "AIRFLOW_JWT_SECRET": lambda: secrets.token_urlsafe(48),
    "BATCH_ACCOUNT_KEY": lambda: _key(64),
    "BLOB_ACCOUNT_KEY": lambda: _key(64),
}
"""Name of each secret, and how one is made."""


def create(path: Path) -> bool:
    """Write a file with fresh secrets, readable by its owner only.

    :return: whether it was written; False if there is a file already, which is left as it is
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
    """Make the file, or say what is wrong with the one that exists.

    :return: 1 if a secret is missing from it, or if it is somebody else's and others can read it
    """
    path = Path(argv[0]) if argv else ENV_FILE
    if create(path):
        print(f"{path} written; the password of admin is AIRFLOW_ADMIN_PASSWORD in it")
        return 0
    try:
        was_open = close_to_others(path)
    except PermissionError:
        print(f"{path} is open to others, and belongs to somebody else who must close it", file=sys.stderr)
        return 1
    if was_open:
        print(f"{path} was open to other users of this machine; its mode is 0600 now", file=sys.stderr)
    lacking = missing(path)
    if lacking:
        print(f"{path} is kept, but does not set {', '.join(lacking)}: add them", file=sys.stderr)
        return 1
    print(f"{path} is kept as it is")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
