"""Attempts that are repeated until they succeed: what they need may be restarting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from azure.core.exceptions import AzureError

from ingest.errors import IngestError
from local_stack.services.processes import StackError

if TYPE_CHECKING:
    from collections.abc import Callable


class Untiring:
    """Something that is attempted again and again; each of its errors is said once.

    :param sentence: says that it fails
    :param say: called with the sentence and the error
    """

    def __init__(self, sentence: str, *, say: Callable[[str], None]) -> None:
        self._sentence = sentence
        self._say = say
        self._said = ""

    def attempt(self, action: Callable[[], None]) -> None:
        """Do it; an error of a service or of the stack is said, unless it was the last one, too."""
        try:
            action()
        except (AzureError, IngestError, StackError, httpx.HTTPError) as error:
            if str(error) != self._said:
                self._said = str(error)
                self._say(f"{self._sentence}: {self._said}")
        else:
            self._said = ""
