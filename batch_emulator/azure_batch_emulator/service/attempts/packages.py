"""Application packages: which folder stands for which version, and what a task gets of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.records.tasks import ErrorCategory, Failure
from azure_batch_emulator.runner.interface import Link

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from azure_batch_emulator.settings import Settings

    Reference = Mapping[str, Any]

_VARIABLE = "AZ_BATCH_APP_PACKAGE"


@dataclass(frozen=True, slots=True)
class Package:
    """One version of an application, as somebody refers to it."""

    application: str
    version: str
    folder: Path
    is_default: bool
    """Whether it was referred to without a version."""

    def variables(self, root: Path) -> dict[str, str]:
        """Name the environment variables that lead to it; without a version if none was asked for."""
        name = f"{_VARIABLE}_{_word(self.application)}"
        value = str(self.link(root).path)
        both = {f"{name}_{_word(self.version)}": value}
        return {**both, name: value} if self.is_default else both

    def link(self, root: Path) -> Link:
        """Tell where it appears on a node."""
        return Link(root / "applications" / f"{self.application.lower()}-{self.version}", self.folder)


def find(settings: Settings, reference: Reference) -> Package | None:
    """Find what a reference means; without a version the application's last is meant."""
    # Pools refer to an application by its id in Azure, whose last part is its name in the account.
    wanted = str(reference["applicationId"]).rpartition("/")[2].lower()
    version = reference.get("version")
    found = [
        (application, known, folder)
        for (application, known), folder in settings.applications.items()
        if application.lower() == wanted and (version is None or known.lower() == str(version).lower())
    ]
    if not found:
        return None
    application, known, folder = found[-1]
    return Package(application, known, folder, is_default=version is None)


def check(settings: Settings, references: Iterable[Reference] | None) -> None:
    """Refuse a pool that refers to what is not there.

    :raises ApiError: 409 that names it
    """
    for reference in references or ():
        if find(settings, reference) is None:
            code, message = "InvalidApplicationPackageReferences", _missing_sentence(reference)
            raise ApiError.conflict(code, message, ApplicationPackage=_name(reference))


def missing(settings: Settings, references: Iterable[Reference]) -> Failure | None:
    """Tell why an attempt cannot begin; None if all it refers to is there."""
    for reference in references:
        if find(settings, reference) is None:
            details = (("ApplicationPackage", _name(reference)),)
            return Failure(
                ErrorCategory.USER, "ApplicationPackageError", _missing_sentence(reference), details
            )
    return None


def _missing_sentence(reference: Reference) -> str:
    name = _name(reference)
    option = name if reference.get("version") else f"{name}:VERSION"
    return (
        f"The application package {name} is not there. Start the emulator with --application {option}=FOLDER."
    )


def _name(reference: Reference) -> str:
    version = reference.get("version")
    return f"{reference['applicationId']}:{version}" if version else str(reference["applicationId"])


def _word(name: str) -> str:
    return re.sub(r"[.-]", "_", name)
