"""Account keys: each opens a whole account to whoever has it, so only those of emulators are taken."""

from __future__ import annotations

import os
from ipaddress import ip_address
from urllib.parse import urlsplit

from sensor_scoring.errors import SettingsError
from sensor_scoring.setting_groups import ConnectionSettings


def refuse_account_key(url: str, *, conn_id: str) -> None:
    """Refuse a connection with an account key, unless its account is on this machine or a setting takes keys.

    :param url: address of the account
    :raises SettingsError: naming the connection and the setting
    """
    host = urlsplit(url).hostname or ""
    if _is_loopback(host) or ConnectionSettings.from_environ(os.environ).allow_account_keys:
        return
    raise SettingsError(
        f"connection {conn_id} holds an account key; give it an identity instead, or set "
        f"SENSOR_SCORING_ALLOW_ACCOUNT_KEYS=true if {host} takes none"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
