"""Everything this package raises on purpose.

EmulatorError
├── ApiError       a request cannot be granted; carries the service's status, code and values
├── IllegalMove    a record was asked to leave a state in a way its table does not know
├── BadSetting     the emulator was started with a setting that makes no sense
├── BadState       the data folder is in use, another account's, or cannot be read
└── QueryError     a $filter or $select text is wrong; points at the column
"""

from __future__ import annotations


class EmulatorError(Exception):
    """Root of the tree."""


class ApiError(EmulatorError):
    """The answer to a request that cannot be granted, as the real service words it."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        values: tuple[tuple[str, str], ...] = (),
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.values = values
        self.headers = headers

    @classmethod
    def missing(cls, noun: str) -> ApiError:
        """Make the 404 for a pool, job, task, node or file nobody knows."""
        return cls(404, f"{noun}NotFound", f"The specified {noun.lower()} does not exist.")

    @classmethod
    def conflict(cls, code: str, message: str, **values: str) -> ApiError:
        """Make a 409; ``values`` name the facts behind it."""
        return cls(409, code, message, values=tuple(values.items()))

    @classmethod
    def bad_property(cls, name: str, value: object, reason: str) -> ApiError:
        """Make the 400 for a body property whose value is not acceptable."""
        return cls(
            400,
            "InvalidPropertyValue",
            "The value provided for one of the properties in the request body is invalid.",
            values=(("PropertyName", name), ("PropertyValue", str(value)), ("Reason", reason)),
        )

    @classmethod
    def missing_property(cls, name: str) -> ApiError:
        """Make the 400 for a body without a property that the operation needs."""
        message = "A required property was not specified in the request body."
        return cls(400, "MissingRequiredProperty", message, values=(("PropertyName", name),))

    @classmethod
    def bad_query(cls, name: str, value: object, reason: str) -> ApiError:
        """Make the 400 for a query parameter whose value is not acceptable."""
        return cls(
            400,
            "InvalidQueryParameterValue",
            "Value for one of the query parameters specified in the request URI is invalid.",
            values=(("QueryParameterName", name), ("QueryParameterValue", str(value)), ("Reason", reason)),
        )

    @classmethod
    def bad_body(cls, reason: str, **values: str) -> ApiError:
        """Make the 400 for a body that cannot be read as what the operation takes."""
        facts = (("Reason", reason), *values.items())
        return cls(
            400,
            "InvalidRequestBody",
            "The specified Request Body is not syntactically valid.",
            values=facts,
        )

    def at(self, place: str, other: str) -> ApiError:
        """Give the error another name for the property that it is about.

        :param place: path of a property, here and as the beginning of paths below it
        :param other: what the request calls it
        """

        def renamed(value: str) -> str:
            below = value.removeprefix(place)
            return other + below if below != value and below[:1] in {"", ".", "["} else value

        values = tuple(
            (name, renamed(value) if name == "PropertyName" else value) for name, value in self.values
        )
        return ApiError(self.status, self.code, self.message, values=values, headers=self.headers)

    @classmethod
    def unbuilt(cls, what: str) -> ApiError:
        """Make the 501 for a part of the service that is not emulated yet."""
        return cls(
            501,
            "NotImplemented",
            f"{what} is not built in this emulator.",
            values=(("NotBuilt", what),),
        )


class IllegalMove(EmulatorError):
    """A state was left in a way its table of moves does not know; nothing was changed."""

    def __init__(self, state: str, event: str) -> None:
        super().__init__(f"nothing in state '{state}' answers to '{event}'")
        self.state = state
        self.event = event


class BadSetting(EmulatorError):
    """A start-up setting makes no sense; the sentence says which and why."""


class BadState(EmulatorError):
    """A data folder cannot be gone on with; the sentence says why, and the folder is as it was."""


class QueryError(EmulatorError):
    """A query text is wrong; ``str()`` shows the text with a caret under the column."""

    def __init__(self, reason: str, *, text: str, column: int) -> None:
        super().__init__(f"{reason}\n{text}\n{' ' * column}^")
        self.reason = reason
        self.text = text
        self.column = column
