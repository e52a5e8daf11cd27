"""Azure's exceptions into ours, once for both services. The service's own words are kept.

``azure-core`` classes say little (every 409 is a ``ResourceExistsError``), so only the status and the
service's error code decide. A URL never goes into a sentence: it may carry a signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from sensor_scoring.enum_text import enum_text
from sensor_scoring.errors import (
    BatchAccessRefused,
    BatchError,
    BatchUnreachable,
    IngestAccessRefused,
    IngestError,
    ServiceError,
    StorageAccessRefused,
    StorageError,
    StorageUnreachable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


_REFUSED = frozenset({401, 403})


def batch_code_of(error: HttpResponseError) -> str:
    """Return Batch's error code, empty where the answer carried none."""
    return str(_batch_body(error).get("code") or "")


def batch_sentence_of(error: HttpResponseError) -> str:
    """Return Batch's words: its message without request id and time, then the details."""
    body = _batch_body(error)
    message = _first_line((body.get("message") or {}).get("value") or error.reason)
    details = [str(detail.get("value")) for detail in body.get("values") or () if detail.get("value")]
    return "; ".join([message, *details])


def _batch_body(error: HttpResponseError) -> Mapping[str, Any]:
    # ``model`` is the raw error object; answers to HEAD have none.
    return error.model if isinstance(error.model, Mapping) else {}


@contextmanager
def batch_explained(
    action: str, conn_id: str, known: Mapping[str, type[BatchError] | None] | None = None
) -> Iterator[None]:
    """Raise our errors for what goes wrong while talking to Azure Batch.

    :param action: what was attempted, as in "cannot <action>"
    :param conn_id: the connection, named in the sentence
    :param known: error codes that mean something to the caller: the class to raise, or None to go on
    :raises BatchAccessRefused: for 401 and 403
    :raises BatchUnreachable: if nobody answered
    :raises BatchError: for any other refusal, with the service's code
    """
    service = f"Azure Batch (connection {conn_id})"
    try:
        yield
    except HttpResponseError as error:
        code = batch_code_of(error)
        if known and code in known and known[code] is None:
            return
        if _is_refusal(error):
            raise BatchAccessRefused(_refused(action, service, code or _why(error)), code=code) from error
        raise ((known or {}).get(code) or BatchError)(
            f"cannot {action}: {code or error.status_code}: {batch_sentence_of(error)}", code=code
        ) from error
    except (ServiceRequestError, ServiceResponseError) as error:
        raise BatchUnreachable(_silent(action, service, error)) from error


def storage_code_of(error: HttpResponseError) -> str:
    """Return Blob Storage's error code as the service writes it, empty where the answer carried none."""
    return enum_text(getattr(error, "error_code", None))


class ResourceErrors(NamedTuple):
    """What is raised of a resource in Azure Resource Manager."""

    refused: type[ServiceError]
    """For 401 and 403."""
    unreachable: type[ServiceError]
    """If nobody answered."""
    other: type[ServiceError]
    """For any other refusal."""


OF_BATCH = ResourceErrors(BatchAccessRefused, BatchUnreachable, BatchError)
OF_INGEST = ResourceErrors(IngestAccessRefused, IngestError, IngestError)


@contextmanager
def resource_explained(
    action: str,
    *,
    remedy: str,
    known: Mapping[str, type[ServiceError]] | None = None,
    errors: ResourceErrors = OF_BATCH,
) -> Iterator[None]:
    """Raise our errors for what goes wrong while talking to Azure Resource Manager.

    :param action: what was attempted, as in "cannot <action>"
    :param remedy: what to do about a refusal, as a clause
    :param known: error codes that mean something to the caller: the class to raise
    :param errors: those of the resource
    :raises ServiceError: one of ``known`` and ``errors``, with the service's code
    """
    service = "Azure Resource Manager"
    try:
        yield
    except HttpResponseError as error:
        code = str((error.error and error.error.code) or "")
        if _is_refusal(error):
            sentence = f"cannot {action}: {service} refused access ({code or _why(error)}); {remedy}"
            raise errors.refused(sentence, code=code) from error
        said = _first_line((error.error and error.error.message) or error.reason)
        raise ((known or {}).get(code) or errors.other)(
            f"cannot {action}: {code or error.status_code}: {said}", code=code
        ) from error
    except (ServiceRequestError, ServiceResponseError) as error:
        raise errors.unreachable(_silent(action, service, error)) from error


@contextmanager
def storage_explained(action: str, conn_id: str) -> Iterator[None]:
    """Raise our errors for what goes wrong while talking to Blob Storage.

    :param action: what was attempted, as in "cannot <action>"
    :param conn_id: the connection, named in the sentence
    :raises StorageAccessRefused: for 401 and 403
    :raises StorageUnreachable: if nobody answered
    :raises StorageError: for any other refusal, with the service's code
    """
    service = f"Blob Storage (connection {conn_id})"
    try:
        yield
    except HttpResponseError as error:
        code = storage_code_of(error)
        if _is_refusal(error):
            raise StorageAccessRefused(_refused(action, service, code or _why(error)), code=code) from error
        raise StorageError(
            f"cannot {action}: {code or error.status_code}: {error.reason}", code=code
        ) from error
    except (ServiceRequestError, ServiceResponseError) as error:
        raise StorageUnreachable(_silent(action, service, error)) from error


def _is_refusal(error: HttpResponseError) -> bool:
    # A credential that cannot sign in has no answer of the service to show.
    return error.status_code in _REFUSED or isinstance(error, ClientAuthenticationError)


def _why(error: HttpResponseError) -> str:
    return str(error.status_code or _first_line(error.message))


def _first_line(text: object) -> str:
    return str(text or "").split("\n", maxsplit=1)[0]


def _refused(action: str, service: str, code: str) -> str:
    return (
        f"cannot {action}: {service} refused access ({code}); "
        "check the account name, the key or the role of the identity"
    )


def _silent(action: str, service: str, error: Exception) -> str:
    # A URL with a query may carry a signature.
    cause = type(error).__name__ if "?" in str(error) else str(error)
    return f"cannot {action}: {service} does not answer: {cause}"
