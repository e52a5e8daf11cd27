"""Translating Azure's exceptions."""

from __future__ import annotations

import pytest
from azure.core.exceptions import ClientAuthenticationError

from sensor_scoring.errors import BatchAccessRefused, StorageAccessRefused
from sensor_scoring.service_errors import batch_explained, resource_explained, storage_explained


@pytest.mark.parametrize(
    ("explained", "refused"),
    [(batch_explained, BatchAccessRefused), (storage_explained, StorageAccessRefused)],
)
def test_a_credential_that_cannot_sign_in_is_a_refusal(explained, refused) -> None:
    """Without a response of the service, the message is the first line of the credential's own."""
    with pytest.raises(refused) as caught, explained("look", "c"):
        raise ClientAuthenticationError(message="no identity here\nTo mitigate this issue, read ...")
    assert "refused access (no identity here); check" in str(caught.value)
    assert "mitigate" not in str(caught.value)


def test_resource_manager_refuses_a_credential_with_the_callers_remedy() -> None:
    """As the other two services, but for what to do."""
    with pytest.raises(BatchAccessRefused) as caught, resource_explained("look", remedy="ask for a role"):
        raise ClientAuthenticationError(message="no identity here\nTo mitigate this issue, read ...")
    assert str(caught.value) == (
        "cannot look: Azure Resource Manager refused access (no identity here); ask for a role"
    )
