"""Azurite over HTTPS, with identities: tokens of a managed identity, and its user delegation signatures."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from local_stack.services.azurite import running_azurite
from tests.support.certificates import Certificate
from tests.support.token_endpoint import token_endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from local_stack.services.azurite import BlobStorage


@contextmanager
def signed_in_storage(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[BlobStorage]:
    """Run an Azurite on HTTPS, and give this process a managed identity.

    :param patch: sets what the SDK, and the scorer that inherits it, read from the environment
    """
    certificate = Certificate.made_in(folder)
    with token_endpoint() as environ:
        for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
            patch.setenv(variable, str(certificate.authority))
        for variable, value in environ.items():
            patch.setenv(variable, value)
        log, pair = folder / "azurite.log", (certificate.file, certificate.key)
        with running_azurite(folder / "blobs", log=log, certificate=pair) as storage:
            yield storage
