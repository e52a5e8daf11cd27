"""Errors of the contract.

::

    ContractError(ValueError)
      + LayoutError        a name that cannot stand in a blob path
          + HourError      a text that names no hour
      + MessageError       a manifest, report or registry that does not read as one
      + InvocationError    a command line the other side would not have written
      + RegistryError      a change that the registry cannot take, such as a version it does not have
"""

from __future__ import annotations


class ContractError(ValueError):
    """The other side, or whoever wrote this text, does not keep the contract."""


class LayoutError(ContractError):
    """A value cannot stand in a blob path."""


class HourError(LayoutError):
    """A text names no whole UTC hour.

    :param text: what was given
    :param problem: what is wrong with it, a verb first: ``names a day, not an hour``
    :param nearest: the hour that was probably meant, as ``2018-08-29T02``; empty if nobody can tell
    """

    def __init__(self, text: str, problem: str, nearest: str = "") -> None:
        self.text = text
        self.problem = problem
        self.nearest = nearest
        super().__init__(self.said_of(""))

    def said_of(self, option: str) -> str:
        """Return the sentence for whoever gave the text in an option.

        :param option: with its sign, as it is typed: ``HOUR=`` or ``--hour ``
        """
        given = f"{option}{self.text}" if option else repr(self.text)
        return f"{given} {self.problem}" + (f"; try {option}{self.nearest}" if self.nearest else "")

    def __reduce__(self) -> tuple[type[HourError], tuple[str, str, str]]:
        """Pickle by facts."""
        return type(self), (self.text, self.problem, self.nearest)


class InvocationError(ContractError):
    """A command line that no orchestrator of this contract writes."""


class RegistryError(ContractError):
    """A change that the registry cannot take; the sentence names the sensor."""


class MessageError(ContractError):
    """A JSON message does not have the promised form.

    :param message: which message, for example ``manifest``
    :param path: where in it, for example ``sensors[3].model.sha256``; empty for the whole
    :param problem: what is wrong there
    """

    def __init__(self, message: str, path: str, problem: str) -> None:
        super().__init__(f"{message}: {path}: {problem}" if path else f"{message}: {problem}")
        self.message = message
        self.path = path
        self.problem = problem

    def __reduce__(self) -> tuple[type[MessageError], tuple[str, str, str]]:
        """Pickle by facts: the sentence is made again from them."""
        return type(self), (self.message, self.path, self.problem)
