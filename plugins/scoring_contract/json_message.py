"""Reading JSON messages with errors that name the place. No message is known here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from scoring_contract import CONTRACT_VERSION
from scoring_contract.errors import MessageError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Node:
    """A JSON value and where it stands, so that a wrong one is named by its path.

    Messages of large groups have tens of thousands of places: a path is put together when somebody asks.

    :param message: what the whole is called in errors
    :param where: the path, or the node above and the name or number below it
    """

    __slots__ = ("_where", "message", "value")

    def __init__(self, message: str, where: str | tuple[Node, str | int], value: Any) -> None:
        self.message = message
        self._where = where
        self.value = value

    @property
    def path(self) -> str:
        """Where the value stands: ``sensors[3].model.sha256``; empty for the whole."""
        if isinstance(self._where, str):
            return self._where
        above, below = self._where
        if isinstance(below, int):
            return f"{above.path}[{below}]"
        return f"{above.path}.{below}" if above.path else below

    def wrong(self, problem: str) -> MessageError:
        """Make the error for this place."""
        return MessageError(self.message, self.path, problem)

    def __getitem__(self, name: str) -> Node:
        if not isinstance(self.value, dict):
            raise self.wrong("is not an object")
        return Node(self.message, (self, name), self.value.get(name))

    def items(self) -> Iterator[tuple[str, Node]]:
        """Members of an object, each with its place."""
        if not isinstance(self.value, dict):
            raise self.wrong("is not an object")
        return ((name, self[name]) for name in self.value)

    def elements(self) -> Iterator[Node]:
        """Elements of a list, each with its place."""
        if not isinstance(self.value, list):
            raise self.wrong("is not a list")
        return (Node(self.message, (self, index), value) for index, value in enumerate(self.value))

    def texts(self) -> tuple[str, ...]:
        """Return the elements of a list of strings."""
        return tuple(element.text() for element in self.elements())

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
        value = json.loads(text, object_pairs_hook=_members)
    except (ValueError, RecursionError) as error:
        raise MessageError(message, "", f"is not JSON: {error}") from error
    root = Node(message, "", value)
    version = root["contract"].value
    if version != CONTRACT_VERSION:
        raise root["contract"].wrong(f"is {version!r}, this side speaks {CONTRACT_VERSION}")
    return root


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object; of two members of one name nobody knows which is meant.

    :raises ValueError: naming the member
    """
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has {twice[:100]!r} twice")
    return members


def render(body: dict[str, Any]) -> str:
    """Write a message: the version first, a member a line, lists of objects an element a line.

    People read these files, and the messages of large groups must not cost more than their scoring: with
    ``indent`` the standard library would leave its C encoder.
    """
    members = (f"{json.dumps(name)}: {_rendered(value)}" for name, value in _versioned(body).items())
    return "{\n  " + ",\n  ".join(members) + "\n}\n"


def _versioned(body: dict[str, Any]) -> dict[str, Any]:
    return {"contract": CONTRACT_VERSION, **body}


def _rendered(value: Any) -> str:
    """Write a member; objects and lists that hold objects get a line for each of these."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n    " + ",\n    ".join(map(_text, value)) + "\n  ]"
    if isinstance(value, dict) and value and isinstance(next(iter(value.values())), dict | list):
        lines = (f"{_text(name)}: {_text(inner)}" for name, inner in value.items())
        return "{\n    " + ",\n    ".join(lines) + "\n  }"
    return _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
