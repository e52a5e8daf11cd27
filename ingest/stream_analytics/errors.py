"""Errors of the local Stream Analytics.

::

    StreamAnalyticsError
      + QueryRefused   the query has something that is not run here, or is wrong
      + JobRefused     the same of job.json
      + JobFailed      the job would stop in Azure too: an overflow, a reference blob that is missing
"""

from __future__ import annotations

from ingest.errors import IngestError


class StreamAnalyticsError(IngestError):
    """A job cannot run; the message says what to change."""


class QueryRefused(StreamAnalyticsError):
    """The query is not run, because its result might differ from Azure's.

    :param problem: what is wrong
    :param line: where, from 1
    :param column: where, from 1
    """

    def __init__(self, problem: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {problem}")
        self.problem = problem
        self.line = line
        self.column = column

    def __reduce__(self) -> tuple[type[QueryRefused], tuple[str, int, int]]:
        """Pickle the facts."""
        return type(self), (self.problem, self.line, self.column)


class JobRefused(StreamAnalyticsError):
    """The job's description has something that is not run here, or is wrong."""


class JobFailed(StreamAnalyticsError):
    """The job stops: going on would lose or invent results."""
