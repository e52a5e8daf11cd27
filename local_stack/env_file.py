"""Creates what the containers start with: ``python3 -m local_stack.env_file`` writes ``.env``.

Every installation has its own secrets; none is in the repository, and ``docker-compose.yaml`` has no
defaults. Beside them are the profiles, the executor and the connections, for people to change. What an
existing file sets is never changed, because the database and the stored connections depend on its secrets:
what it lacks is added, and its mode is corrected if others can access it.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from local_stack.services.private_files import FILE_MODE, close_to_others

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
    "REDIS_PASSWORD": lambda: secrets.token_urlsafe(32),
    "BATCH_ACCOUNT_KEY": lambda: _key(64),
    "BLOB_ACCOUNT_KEY": lambda: _key(64),
}
"""Name of each secret, and the function that creates its value."""


def _storage(values: Mapping[str, str]) -> str:
    # The account is in the connection string: from a host name like ``azurite`` no client can guess it.
    text = (
        f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={values['BLOB_ACCOUNT_KEY']};"
        "BlobEndpoint=http://azurite:10000/devstoreaccount1;"
    )
    return _quoted({"conn_type": "wasb", "extra": {"connection_string": text}})


def _batch(values: Mapping[str, str]) -> str:
    account = {"conn_type": "azure_batch", "login": "localbatch", "password": values["BATCH_ACCOUNT_KEY"]}
    return _quoted(account | {"extra": {"account_url": "http://batch-emulator:8900"}})


def _quoted(connection: Mapping[str, object]) -> str:
    return f"'{json.dumps(connection)}'"


CHOICES: dict[str, Callable[[Mapping[str, str]], str]] = {
    "COMPOSE_PROFILES": lambda _: "local,demo",
    "AIRFLOW_EXECUTOR": lambda _: "LocalExecutor",
    "AIRFLOW_CONN_WASB_DEFAULT": _storage,
    "AIRFLOW_CONN_AZURE_BATCH_DEFAULT": _batch,
    "SENSOR_SCORING_ALLOW_ACCOUNT_KEYS": lambda _: "true",
}
"""What people may change, and the function that creates its value from the file's secrets."""


def create(path: Path) -> bool:
    """Write a file with new secrets, readable only by its owner.

    :return: whether it was written; False if the file exists, which is then left unchanged
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(_lines({}))
    return True


def complete(path: Path) -> list[str]:
    """Add to a file what it does not set; return the names.

    An empty value is one that somebody has chosen.
    """
    text = path.read_text(encoding="utf-8")
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    added = _lines(values)
    with path.open("a", encoding="utf-8") as stream:
        stream.write("\n" * bool(added and text and not text.endswith("\n")) + added)
    return [line.partition("=")[0] for line in added.splitlines()]


def _lines(values: Mapping[str, str]) -> str:
    """Write a line for each name without a value."""
    made = {name: make() for name, make in SECRETS.items() if name not in values}
    known = {**values, **made}
    made |= {name: make(known) for name, make in CHOICES.items() if name not in values}
    return "".join(f"{name}={value}\n" for name, value in made.items())


def main(argv: Sequence[str]) -> int:
    """Create the file, or complete the existing one.

    :return: 1 if others can access the file and another user owns it; otherwise 0
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
    added = complete(path)
    print(f"{path}: added {', '.join(added)}" if added else f"{path} exists and is complete")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
