"""Ids of resources."""

from __future__ import annotations

import pytest

from sensor_scoring.errors import SettingsError
from sensor_scoring.setting_values.resource_ids import BatchAccountId, is_same
from sensor_scoring.settings import Settings

ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/a"


def test_the_id_of_an_account_is_taken_apart() -> None:
    """Upper and lower case are one to the service, which writes either."""
    assert BatchAccountId.parse(ID) == BatchAccountId("s", "g", "a")
    lower = ID.replace("resourceGroups", "resourcegroups")
    assert BatchAccountId.parse(lower) == BatchAccountId("s", "g", "a")
    assert is_same(ID.upper(), f"{ID}/")


@pytest.mark.parametrize("text", ["a", ID.removesuffix("/a"), f"{ID}/pools/p", ID.replace(".Batch", ".Pool")])
def test_what_is_no_id_of_an_account_is_refused(text: str) -> None:
    """By the settings, with the variable's name, before anybody goes by it."""
    with pytest.raises(SettingsError, match="no resource id of a Batch account"):
        BatchAccountId.parse(text)
    with pytest.raises(SettingsError, match="SENSOR_SCORING_BATCH_ACCOUNT_ID is "):
        Settings.from_environ({"SENSOR_SCORING_BATCH_ACCOUNT_ID": text})
