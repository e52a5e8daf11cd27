"""Errors of the contract.

::

    ContractError(ValueError)
      + LayoutError        a value that cannot be part of a blob name
          + HourError      a text that does not name an hour
          + SensorNameError  a text that cannot be the name of a device or a tag
      + MessageError       an invalid manifest, report, order or registry
      + InvocationError    a command line or environment that the orchestrator would not write
      + OptionError        an option of a fit that cannot be used
      + RegistryError      a change that the registry refuses, such as promoting an unknown version
"""

from __future__ import annotations

from scoring_contract.text import shown


class ContractError(ValueError):
    """The other side, or the author of a text, breaks the contract."""


class LayoutError(ContractError):
    """A value cannot be part of a blob name."""


class HourError(LayoutError):
    """A text does not name a whole UTC hour.

    :param text: the text, as given
    :param problem: what is wrong with it, starting with a verb: ``names a day, not an hour``
    :param nearest: the hour that was probably meant, as ``2018-08-29T02``; empty if there is none
    """

    def __init__(self, text: str, problem: str, nearest: str = "") -> None:
        self.text = text
        self.problem = problem
        self.nearest = nearest
        super().__init__(self.said_of(""))

    def said_of(self, option: str) -> str:
        """Return the message for a text that was given in an option.

        :param option: as it is typed, up to the value: ``HOUR=`` or ``--hour ``
        """
        given = f"{option}{self.text}" if option else repr(self.text)
        return f"{given} {self.problem}" + (f"; try {option}{self.nearest}" if self.nearest else "")

    def __reduce__(self) -> tuple[type[HourError], tuple[str, str, str]]:
        """Pickle the facts."""
        return type(self), (self.text, self.problem, self.nearest)


class SensorNameError(LayoutError):
    """A text cannot be the name of a device or a tag.

    :param what: ``Device`` or ``Tag``
    :param text: the text, as given
    :param problem: what is wrong with it, starting with a verb
    """

    def __init__(self, what: str, text: str, problem: str) -> None:
        super().__init__(f"{what} {problem}: {shown(text)!r}" if text else f"{what} {problem}")
        self.what = what
        self.text = text
        self.problem = problem

    def __reduce__(self) -> tuple[type[SensorNameError], tuple[str, str, str]]:
        """Pickle the facts."""
        return type(self), (self.what, self.text, self.problem)


class InvocationError(ContractError):
    """A command line or environment that no orchestrator of this contract version writes."""


class OptionError(ContractError):
    """An option of a fit is unknown, or may not have its value.

    :param option: its name, as in ``scoring_contract.fit_options``
    :param problem: what is wrong, as the rest of a sentence or one of its own
    """

    def __init__(self, option: str, problem: str) -> None:
        super().__init__(f"{option}: {problem}")
        self.option = option
        self.problem = problem

    def __reduce__(self) -> tuple[type[OptionError], tuple[str, str]]:
        """Pickle the facts; the sentence is rebuilt from them."""
        return type(self), (self.option, self.problem)


class RegistryError(ContractError):
    """A change that the registry refuses; the message names the sensor."""


class MessageError(ContractError):
    """A JSON message is invalid.

    :param message: kind of message, for example ``manifest``
    :param path: path of the invalid member, for example ``sensors[3].model.sha256``; empty for the whole
    message
    :param problem: what is wrong there, starting with a verb
    """

    def __init__(self, message: str, path: str, problem: str) -> None:
        super().__init__(f"{message}: {path}: {problem}" if path else f"{message}: {problem}")
        self.message = message
        self.path = path
        self.problem = problem

    def __reduce__(self) -> tuple[type[MessageError], tuple[str, str, str]]:
        """Pickle the facts; the sentence is rebuilt from them."""
        return type(self), (self.message, self.path, self.problem)
