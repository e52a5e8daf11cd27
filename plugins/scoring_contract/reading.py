"""Reading JSON messages with errors that name the place. No message is known here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scoring_contract import CONTRACT_VERSION
from scoring_contract.errors import MessageError

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value and where it stands, so that a wrong one is named by its path."""

    message: str
    path: str
    value: Any

    def wrong(self, problem: str) -> MessageError:
        """Make the error for this place."""
        return MessageError(self.message, self.path, problem)

    def __getitem__(self, name: str) -> Node:
        if not isinstance(self.value, dict):
            raise self.wrong("is not an object")
        return Node(self.message, f"{self.path}.{name}" if self.path else name, self.value.get(name))

    def items(self) -> Iterator[tuple[str, Node]]:
        """Members of an object, each with its place."""
        if not isinstance(self.value, dict):
            raise self.wrong("is not an object")
        return ((name, self[name]) for name in self.value)

    def elements(self) -> Iterator[Node]:
        """Elements of a list, each with its place."""
        if not isinstance(self.value, list):
            raise self.wrong("is not a list")
        return (Node(self.message, f"{self.path}[{index}]", value) for index, value in enumerate(self.value))

    @property
    def is_absent(self) -> bool:
        """Whether the member is missing or null."""
        return self.value is None

    def text(self) -> str:
        """Return the value as a non-empty string that can stand in a header or a line of a log."""
        if not isinstance(self.value, str) or not self.value or not self.value.isprintable():
            raise self.wrong("is not a non-empty printable string")
        return self.value

    def count(self) -> int:
        """Return the value as a whole number of things."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < 0:
            raise self.wrong("is not a count")
        return self.value

    def seconds(self) -> float:
        """Return the value as a duration in seconds."""
        if not isinstance(self.value, int | float) or isinstance(self.value, bool) or not self.value >= 0:
            raise self.wrong("is not a number of seconds")
        return float(self.value)


def parse(message: str, text: str | bytes) -> Node:
    """Read a message and check its contract version.

    :param message: what it is called in errors
    :raises MessageError: if the text is no JSON object, or of another contract version
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MessageError(message, "", f"is not JSON: {error}") from error
    root = Node(message, "", value)
    version = root["contract"].value
    if version != CONTRACT_VERSION:
        raise root["contract"].wrong(f"is {version!r}, this side speaks {CONTRACT_VERSION}")
    return root


def render(body: dict[str, Any]) -> str:
    """Write a message: the version first, two spaces, a final newline; people read these files."""
    return json.dumps({"contract": CONTRACT_VERSION, **body}, indent=2, ensure_ascii=False) + "\n"
