"""Kinds of single values in a request body. Each checks one value, and returns what is kept of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import duration, parse_duration, parse_moment, stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    Kind = Callable[[Any, str], Any]
    """Takes a value and the path it stands at; returns the value to keep."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MODE = re.compile(r"[0-7]{3,4}")
_NUMERAL = re.compile(r"-?[0-9]{1,10}", re.ASCII)
_RESOURCE_NAME = r"[^/]+"
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""NUL ends a C string, and half a surrogate pair has no UTF-8: neither gets into a process or a file."""
_LONGEST_DISPLAY_NAME = 1024


def wrong(path: str, value: object, reason: str) -> ApiError:
    """Write the error for a value."""
    return ApiError.bad_property(path, value, reason)


def text(value: Any, path: str) -> Any:
    """Take a string that processes and files can hold.

    :raises ApiError: if it is not a string, or holds a NUL or half of a surrogate pair
    """
    if not isinstance(value, str):
        raise wrong(path, value, "a string is needed")
    if _NO_TEXT.search(value):
        raise wrong(
            path, ascii(value), "a string without NUL and without halves of surrogate pairs is needed"
        )
    return value


def line(value: Any, path: str) -> Any:
    """Take a command line: whatever string it is, a task whose command cannot start fails, and says why.

    :raises ApiError: if it is not a string
    """
    if not isinstance(value, str):
        raise wrong(path, value, "a string is needed")
    return value


def word(value: Any, path: str) -> Any:
    """Take a string that is not empty.

    :raises ApiError: if it is not a string, or empty
    """
    if not text(value, path):
        raise wrong(path, value, "it must not be empty")
    return value


def up_to(longest: int) -> Kind:
    """Take a string of so many characters, one at least."""

    def kind(value: Any, path: str) -> Any:
        if len(word(value, path)) > longest:
            raise wrong(path, value[:longest], f"at most {longest} characters")
        return value

    return kind


def pattern(expression: str, reason: str) -> Kind:
    """Take a string that looks as an expression says."""
    compiled = re.compile(expression, re.IGNORECASE)

    def kind(value: Any, path: str) -> Any:
        if not compiled.fullmatch(text(value, path)):
            raise wrong(path, value, reason)
        return value

    return kind


def resource(*segments: str) -> Kind:
    """Take the id of a resource in Azure.

    :param segments: alternatives for what comes after the resource group; ``{}`` stands for a name
    """
    place = "/subscriptions/{}/resourceGroups/{}"
    forms = [f"{place}/{segment}" for segment in segments]
    expression = "|".join(re.escape(form).replace(r"\{\}", _RESOURCE_NAME) for form in forms)
    return pattern(expression, f"an id of the form {' or '.join(forms)} is needed")


def whole(value: Any, path: str) -> Any:
    """Take a whole number of 32 bits; the Azure CLI writes some of them as strings.

    :raises ApiError: if it is anything else
    """
    if isinstance(value, str) and _NUMERAL.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**31) <= value < 2**31:
        raise wrong(path, value, "a whole number is needed")
    return value


def between(least: int, most: int) -> Kind:
    """Take a whole number from a range, its ends included."""

    def kind(value: Any, path: str) -> Any:
        number = whole(value, path)
        if not least <= number <= most:
            raise wrong(path, value, f"{least} to {most}")
        return number

    return kind


def natural(value: Any, path: str) -> Any:
    """Take a whole number that is not negative.

    :raises ApiError: if it is anything else
    """
    number = whole(value, path)
    if number < 0:
        raise wrong(path, value, "it must not be negative")
    return number


def retries(value: Any, path: str) -> Any:
    """Take how often something may be tried again; -1 is without end.

    :raises ApiError: 400 InvalidConstraintValue, if it is less than -1
    """
    if whole(value, path) < -1:
        message = "The value provided for one of the constraints is invalid."
        values = (("PropertyName", path), ("PropertyValue", str(value)), ("Reason", "-1 or more"))
        raise ApiError(400, "InvalidConstraintValue", message, values=values)
    return whole(value, path)


def switch(value: Any, path: str) -> Any:
    """Take true or false.

    :raises ApiError: if it is neither
    """
    if not isinstance(value, bool):
        raise wrong(path, value, "true or false is needed")
    return value


def span(value: Any, path: str) -> Any:
    """Take an ISO 8601 duration; keep it in canonical form.

    :raises ApiError: if it is not one
    """
    try:
        return duration(parse_duration(text(value, path)))
    except ValueError as problem:
        raise wrong(path, value, str(problem)) from None


def moment(value: Any, path: str) -> Any:
    """Take a moment; keep it in canonical form.

    :raises ApiError: if it is not one
    """
    try:
        return stamp(parse_moment(text(value, path)))
    except ValueError as problem:
        raise wrong(path, value, str(problem)) from None


def identifier(value: Any, path: str) -> Any:
    """Take an id of a pool, job or task.

    :raises ApiError: if it is not 1 to 64 letters, digits, hyphens and underscores
    """
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise wrong(path, value, "1 to 64 letters, digits, hyphens and underscores")
    return value


def variable(value: Any, path: str) -> Any:
    """Take the name of an environment variable.

    :raises ApiError: if it is empty, or has an equals sign
    """
    if "=" in word(value, path):
        raise wrong(path, value, "the name of an environment variable has no =")
    return value


def metadata_name(value: Any, path: str) -> Any:
    """Take the name of a metadata item.

    :raises ApiError: 400 EmptyMetadataKey, if it is empty
    """
    if not text(value, path):
        values = (("PropertyName", path),)
        raise ApiError(
            400, "EmptyMetadataKey", "The key of one of the metadata items is empty.", values=values
        )
    return value


def display_name(value: Any, path: str) -> Any:
    """Take a name for people.

    :raises ApiError: if it is longer than 1,024 characters
    """
    if len(text(value, path)) > _LONGEST_DISPLAY_NAME:
        raise wrong(path, "", f"at most {_LONGEST_DISPLAY_NAME} characters")
    return value


def file_mode(value: Any, path: str) -> Any:
    """Take an octal file mode.

    :raises ApiError: if it is not 3 or 4 octal digits
    """
    if not _MODE.fullmatch(text(value, path)):
        raise wrong(path, value, "an octal file mode is needed, such as 0770")
    return value


def choice(*values: str) -> Kind:
    """Take one of some values, in any case; keep it as it is spelled here."""
    spellings = {value.lower(): value for value in values}

    def kind(value: Any, path: str) -> Any:
        spelling = spellings.get(value.lower()) if isinstance(value, str) else None
        if spelling is None:
            raise wrong(path, value, f"one of {', '.join(values)}")
        return spelling

    return kind
