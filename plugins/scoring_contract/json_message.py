"""Parses and renders JSON messages of any kind; errors name the path of the invalid member."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from scoring_contract import CONTRACT_VERSION
from scoring_contract.errors import MessageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEGINNING = f'{{\n  "contract": {CONTRACT_VERSION},'.encode()


class Node:
    """A JSON value and its path in a message. Its methods raise :class:`MessageError` for a wrong type.

    Messages of large groups have tens of thousands of values, so a path is only built when it is needed.

    :param message: kind of message, for errors
    :param where: the path, or the parent and the value's name or index in it
    """

    __slots__ = ("_where", "message", "value")

    def __init__(self, message: str, where: str | tuple[Node, str | int], value: Any) -> None:
        self.message = message
        self._where = where
        self.value = value

    @property
    def path(self) -> str:
        """Path of the value: ``sensors[3].model.sha256``; empty for the whole message."""
        if isinstance(self._where, str):
            return self._where
        above, below = self._where
        if isinstance(below, int):
            return f"{above.path}[{below}]"
        return f"{above.path}.{below}" if above.path else below

    def wrong(self, problem: str) -> MessageError:
        """Return an error about this value.

        :param problem: starts with a verb
        """
        return MessageError(self.message, self.path, problem)

    def __getitem__(self, name: str) -> Node:
        if not isinstance(self.value, dict):
            raise self.wrong("is not an object")
        return Node(self.message, (self, name), self.value.get(name))

    def items(self) -> Iterator[tuple[str, Node]]:
        """Return the members of an object."""
        if not isinstance(self.value, dict):
            raise self.wrong("is not an object")
        return ((name, self[name]) for name in self.value)

    def elements(self) -> Iterator[Node]:
        """Return the elements of a list."""
        if not isinstance(self.value, list):
            raise self.wrong("is not a list")
        return (Node(self.message, (self, index), value) for index, value in enumerate(self.value))

    def texts(self) -> tuple[str, ...]:
        """Return the elements of a list of non-empty printable strings."""
        return tuple(element.text() for element in self.elements())

    @property
    def is_absent(self) -> bool:
        """Whether the member is missing or null."""
        return self.value is None

    def text(self) -> str:
        """Return the value as a non-empty printable string, safe in an HTTP header or a log line."""
        if not isinstance(self.value, str) or not self.value or not self.value.isprintable():
            raise self.wrong("is not a non-empty printable string")
        return self.value

    def count(self) -> int:
        """Return the value as a whole number, 0 or more."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < 0:
            raise self.wrong("is not a count")
        return self.value

    def seconds(self) -> float:
        """Return the value as a duration in seconds, 0 or more."""
        if not isinstance(self.value, int | float) or isinstance(self.value, bool) or not self.value >= 0:
            raise self.wrong("is not a number of seconds")
        return float(self.value)


MOST_REPORT_BYTES = 32 << 20
"""A report of some thousand sensors has a tenth of that; whoever reads one does not fetch more."""


def parse(message: str, text: str | bytes) -> Node:
    """Parse a message and check its contract version.

    :param message: kind of message, for errors
    :raises MessageError: if the text is not a JSON object, or of another contract version
    """
    try:
        value = json.loads(text, object_pairs_hook=_members)
    except (ValueError, RecursionError) as error:
        raise MessageError(message, "", f"is not JSON: {error}") from error
    root = Node(message, "", value)
    version = root["contract"].value
    if version != CONTRACT_VERSION:
        raise root["contract"].wrong(f"is version {version!r}, this program reads {CONTRACT_VERSION}")
    return root


def parse_report(message: str, text: str | bytes) -> Node:
    """Parse what a Batch task has written, which nobody has to believe.

    :raises MessageError: likewise, and if it is too large
    """
    if len(text) > MOST_REPORT_BYTES:
        raise MessageError(message, "", f"is larger than {MOST_REPORT_BYTES:,} bytes")
    return parse(message, text)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object; refuse duplicate members, which are ambiguous.

    :raises ValueError: naming the duplicate member
    """
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has the member {twice[:100]!r} twice")
    return members


def render(body: dict[str, Any]) -> str:
    """Render a message: contract version first, a line per member, and per element of lists of objects.

    People read these files, so they have lines. The argument ``indent`` of the standard library would be too
    slow for messages of large groups: it does not use the C encoder
    (https://github.com/python/cpython/blob/3.11/Lib/json/encoder.py, ``iterencode``).
    """
    members = (f"{json.dumps(name)}: {_rendered(value)}" for name, value in _versioned(body).items())
    return "{\n  " + ",\n  ".join(members) + "\n}\n"


def rendered_member(text: bytes, name: str) -> Any:
    """Return a member of an object of objects, or of lists, from the line that :func:`render` gave it.

    To parse the messages of a large fleet takes a second; this takes milliseconds for what one sensor needs.

    :return: None if there is no such line: there is no such member, or another program wrote the message
    """
    start = f"\n    {_text(name)}: ".encode()
    at = text.find(start) if text.startswith(_BEGINNING) else -1
    if at < 0:
        return None
    try:
        return json.loads(text[at + len(start) : text.find(b"\n", at + 1)].rstrip(b","))
    except ValueError:
        return None


def _versioned(body: dict[str, Any]) -> dict[str, Any]:
    return {"contract": CONTRACT_VERSION, **body}


def _rendered(value: Any) -> str:
    """Render a member, with one line per element of lists of objects and objects of objects."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n    " + ",\n    ".join(map(_text, value)) + "\n  ]"
    if isinstance(value, dict) and value and isinstance(next(iter(value.values())), dict | list):
        lines = (f"{_text(name)}: {_text(inner)}" for name, inner in value.items())
        return "{\n    " + ",\n    ".join(lines) + "\n  }"
    return _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
