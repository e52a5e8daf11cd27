"""Sensor ids: one readable, reversible text of a device and a tag that is safe wherever a sensor is named.

A device or a tag is any text of 1 to 256 characters (:func:`checked_name`). An id is at most 120 characters
of ``A-Za-z0-9_.~-``, which no URL escapes (https://www.rfc-editor.org/rfc/rfc3986#section-2.3)::

    device   tag        id                      because
    1        4          1_4                     a-z 0-9 and - stay as they are
    pump     sensor_07  pump_sensor_07          the first single underscore ends the device,
    a_b      c          a__b_c                  so those of a device are doubled
    Pumpe-Ü  temp       Pumpe-~c3~9c_temp~u8    others: UTF-8 in hex behind ~, as %C3%9C in a URL;
                                                ~u: which letters are capitals

Capitals stay and are repeated in ``~u``, a bit for each letter: file systems that ignore case must keep ``a``
and ``A`` apart, so no two ids are equal in lower case. A dot stays between two letters or digits: elsewhere
it would hide a file, end a folder's name (which Azure and Windows refuse) or look like ``..``.

An id that would be longer than 120 characters consists of the first 42 of both names and a digest of them:
``<device>_<tag>~h<32 hex digits>``. Only the registry, which stores both names, leads back from it; all other
ids are reversible by themselves (:func:`pair_of`), also after their case was lost.

Names are compared code point by code point. ``Ü`` in one code point (NFC) and in two (NFD) are two names with
two ids: a query or a join in SQL would not find one as the other either.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

from scoring_contract.errors import LayoutError, SensorNameError
from scoring_contract.text import printable

MOST_NAME_CHARS = 256
"""Limit of a device or a tag in code points."""
MOST_ID_CHARS = 120
"""Limit of an id: two of them in a group's name, ``first..last``, and a suffix fit into the 255 bytes that
most file systems allow a name, and into the 250 characters of Airflow's ``rendered_map_index``."""

_ID = re.compile(r"(?!.*\.\.)[A-Za-z0-9~][A-Za-z0-9_.~-]{0,119}(?<!\.)", re.ASCII)
_HEAD_CHARS = 42
_DIGEST_CHARS = 32
_ESCAPED = re.compile(r"(?<![A-Za-z0-9])\.|\.(?![A-Za-z0-9])|^[-_]|[^A-Za-z0-9_.-]", re.ASCII)
"""A dot that is not between two letters or digits, a first hyphen or underscore, and all that is not kept."""
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)\.", re.ASCII | re.IGNORECASE)
"""Names of devices on Windows, whatever follows the dot:
https://learn.microsoft.com/windows/win32/fileio/naming-a-file#naming-conventions"""
_UNITS = re.compile(r"~[0-9a-f]{2}(?:~[89ab][0-9a-f])*|.", re.ASCII)
_PARTS = re.compile(r"((?:[^_]|__)+)_(?!_)(.+)", re.ASCII)
_SUFFIX = re.compile(r"(.+?)(?:~u([0-9a-f]*[1-9a-f]))?", re.ASCII)
_LOST = "\N{REPLACEMENT CHARACTER}"
_REFUSED = {
    "Cc": "a control character",
    "Cs": "half of a surrogate pair",
    "Zl": "a line break",
    "Zp": "a line break",
}
"""Categories of Unicode that no name may contain: files of readings are lines of UTF-8."""
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def checked_name(text: str, what: str = "name") -> str:
    """Return the text if it can be a device or a tag.

    :param what: ``Device`` or ``Tag``, for the message
    :raises SensorNameError: if it is empty or longer than 256 characters, begins or ends with white space,
        which readers of CSV strip, or contains a control character, a line break, half of a surrogate pair, a
        byte order mark, or U+FFFD, which stands for bytes that are not UTF-8: different names become one
    """
    if problem := _problem_of(text):
        raise SensorNameError(what, text, problem)
    return text


def sensor_id_of(device: str, tag: str) -> str:
    """Return the sensor id of a device and a tag: ``1_4`` for ``1`` and ``4``; no other pair has the same.

    >>> sensor_id_of("plant 1/line 2", "Temp")
    'plant~201~2fline~202_Temp~u002'

    :raises SensorNameError: if one of them is no name
    """
    device, tag = checked_name(device, "Device"), checked_name(tag, "Tag")
    names = _escaped_device(device), _ESCAPED.sub(_escape, tag)
    body = "_".join(names)
    whole = body + _capitals(body)
    if len(whole) <= MOST_ID_CHARS:
        return whole
    digest = sha256(f"{device}\0{tag}".encode()).hexdigest()[:_DIGEST_CHARS]
    return f"{'_'.join(map(_cut, names))}~h{digest}"


def sensor_named(device: str, tag: str) -> str | None:
    """Return the sensor id of what a row calls device and tag; None if one of them is no name."""
    try:
        return sensor_id_of(device, tag)
    except SensorNameError:
        return None


def pair_of(sensor_id: str) -> tuple[str, str] | None:
    """Return the device and the tag of an id; None if it holds a digest, or is none of :func:`sensor_id_of`.

    An id that a file system changed to lower or upper case is read, too.

    >>> pair_of("plant~201~2fline~202_Temp~u002")
    ('plant 1/line 2', 'Temp')
    """
    lowered = sensor_id.lower()
    suffixed = _SUFFIX.fullmatch(lowered)
    parts = suffixed and _PARTS.fullmatch(_capitalised(suffixed[1], suffixed[2] or ""))
    if not parts:
        return None
    try:
        pair = _unescaped(parts[1].replace("__", "_")), _unescaped(parts[2])
        return pair if sensor_id_of(*pair).lower() == lowered else None
    except (UnicodeDecodeError, LayoutError):
        return None


def display_name(device: str, tag: str) -> str:
    """Return what people read as the name of a sensor: its id where that is plain, else both names.

    >>> display_name("1", "4"), display_name("00:1B:44:11:3A:B7", "temp")
    ('1_4', '00:1B:44:11:3A:B7 / temp')
    """
    joined = f"{device}_{tag}"
    try:
        is_plain = sensor_id_of(device, tag) == joined
    except SensorNameError:
        is_plain = False
    return joined if is_plain else printable(f"{device} / {tag}")


def display_of(sensor_id: str) -> str:
    """Return what people read where only the id is known; the id itself if it holds a digest."""
    if "~" not in sensor_id and "__" not in sensor_id:
        return sensor_id
    pair = pair_of(sensor_id)
    return display_name(*pair) if pair else sensor_id


def checked_sensor_id(text: str) -> str:
    """Return the text if it has the form of a sensor id.

    :raises LayoutError: unless it is 1 to 120 of ``A-Za-z0-9_.~-`` with a letter, a digit or ``~`` first, no
        dot last and no ``..``
    """
    if not is_sensor_id(text):
        raise LayoutError(
            f"{text!r} is not a sensor id: 1 to 120 of A-Z a-z 0-9 _ . ~ - with a letter, digit or ~ first, "
            "no '.' last and no '..'"
        )
    return text


def is_sensor_id(text: str) -> bool:
    """Whether a text has the form of a sensor id, and so can be a segment of a blob's name."""
    return _ID.fullmatch(text) is not None


def _problem_of(text: str) -> str:
    """Return what is wrong with a name, starting with a verb; empty if nothing is."""
    if not text:
        return "is empty"
    if len(text) > MOST_NAME_CHARS:
        return f"has {len(text):,} characters, more than {MOST_NAME_CHARS}"
    if _LOST in text:
        return "contains U+FFFD, which stands for bytes that are not UTF-8"
    if _MARK in text:
        return "contains a byte order mark"
    for char in "" if text.isascii() and text.isprintable() else text:
        if kind := _REFUSED.get(unicodedata.category(char)):
            return f"contains {kind}, U+{ord(char):04X}"
    return "begins or ends with white space" if text != text.strip() else ""


def _escaped_device(device: str) -> str:
    escaped = _ESCAPED.sub(_escape, device).replace("_", "__")
    return escaped.replace(".", _escape_char("."), 1) if _RESERVED.match(device) else escaped


def _escape(found: re.Match[str]) -> str:
    return _escape_char(found[0])


def _escape_char(char: str) -> str:
    return "".join(f"~{byte:02x}" for byte in char.encode())


def _unescaped(text: str) -> str:
    """Replace escapes by their characters.

    :raises UnicodeDecodeError: if the bytes are not UTF-8
    """
    return re.sub(r"(?:~[0-9a-f]{2})+", lambda found: bytes.fromhex(found[0].replace("~", "")).decode(), text)


def _capitals(body: str) -> str:
    """Return the suffix that says which letters are capitals; empty if none is."""
    bits = "".join("1" if char.isupper() else "0" for char in body if char.isalpha()).rstrip("0")
    if not bits:
        return ""
    digits = -(-len(bits) // 4)
    return f"~u{int(bits.ljust(4 * digits, '0'), 2):0{digits}x}"


def _capitalised(body: str, digits: str) -> str:
    """Undo the loss of case.

    :param digits: hex digits of the suffix; empty for no capital
    """
    bits = iter(f"{int(digits, 16):0{4 * len(digits)}b}" if digits else "")
    return "".join(char.upper() if char.isalpha() and next(bits, "0") == "1" else char for char in body)


def _cut(text: str) -> str:
    """Return the beginning of an escaped name, without half an escape or a last dot."""
    kept = ""
    for unit in _UNITS.finditer(text):
        if len(kept) + len(unit[0]) > _HEAD_CHARS:
            break
        kept += unit[0]
    return kept.rstrip(".")
