"""Settings as fields of dataclasses: default and constraint on the field, cast and checked in one place."""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sensor_scoring.errors import SettingsError
from sensor_scoring.setting_values.constraints import check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sensor_scoring.setting_values.constraints import Constraint

PREFIX = "SENSOR_SCORING_"

_CONSTRAINT = "constraint"
_T = TypeVar("_T")


def setting(default: _T, constraint: Constraint) -> _T:
    """Return a field with a default and a constraint."""
    return field(default=default, metadata={_CONSTRAINT: constraint})


def variable_of(name: str) -> str:
    """Name the environment variable of a field."""
    return PREFIX + name.upper()


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, as its field describes it."""

    name: str
    kind: str
    """Its type: ``str``, ``int``, ``float`` or ``bool``."""
    default: Any
    constraint: Constraint | None

    @classmethod
    def of(cls, entry: Field[Any]) -> Self:
        """Describe a field."""
        return cls(entry.name, str(entry.type), entry.default, entry.metadata.get(_CONSTRAINT))

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return variable_of(self.name)

    @property
    def allowed(self) -> str:
        """What it may be, to complete the sentence "it must be"."""
        return ", ".join(filter(None, (_NOUNS[self.kind], str(self.constraint or ""))))

    def read(self, text: str) -> Any:
        """Cast the text of its variable.

        :raises SettingsError: with variable, text and what is allowed
        """
        try:
            return _CASTS[self.kind](text)
        except (KeyError, ValueError) as error:
            raise SettingsError(f"{self.variable} is {text!r}; it must be {self.allowed}") from error


@dataclass(frozen=True, slots=True)
class SettingGroup:
    """Settings that belong together; a value beyond its constraint is refused."""

    def __post_init__(self) -> None:
        for entry in self.settings():
            if entry.constraint:
                check(entry.variable, getattr(self, entry.name), entry.constraint)

    @classmethod
    def settings(cls) -> Iterator[Setting]:
        """Yield the settings of the group."""
        return map(Setting.of, fields(cls))

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the group; what is not set, or empty, has its default.

        :raises SettingsError: naming the variable that cannot be read
        """
        found = ((entry, environ.get(entry.variable, "")) for entry in cls.settings())
        return cls(**{entry.name: entry.read(text) for entry, text in found if text})


_NOUNS = {"str": "", "int": "a whole number", "float": "a number", "bool": "true or false"}
_CASTS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": lambda text: {"true": True, "1": True, "false": False, "0": False}[text.lower()],
}
