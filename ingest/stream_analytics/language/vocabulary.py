"""The words that a query may use here; any other is refused by name and position before it is parsed.

sqlglot reads much more T-SQL than Stream Analytics has, and gives some of it the same meaning (``ISNULL``
becomes ``COALESCE``). So the text itself is checked first, word by word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot.tokenizer_core import TokenType

from ingest.stream_analytics.errors import QueryRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlglot.tokenizer_core import Token

FUNCTIONS = {
    "ABS": "abs",
    "AVG": "avg",
    "CAST": "cast",
    "COALESCE": "coalesce",
    "CONCAT": "concat",
    "COUNT": "count",
    "DATEADD": "dateadd",
    "DATEDIFF": "datediff",
    "LOWER": "lower",
    "MAX": "max",
    "MIN": "min",
    "REPLACE": "replace",
    "SUBSTRING": "substring",
    "SUM": "sum",
    "TRY_CAST": "try-cast",
    "UPPER": "upper",
}
"""Functions, and the names of their pages in the documentation."""
WINDOWS = {"TUMBLINGWINDOW", "TUMBLING", "HOPPINGWINDOW", "HOPPING"}
_WINDOW_PARTS = {"DURATION", "HOP", "OFFSET"}
_NOT_FUNCTIONS = {
    *(
        "AND",
        "AS",
        "BETWEEN",
        "BY",
        "DISTINCT",
        "ELSE",
        "FROM",
        "HAVING",
        "IN",
        "NOT",
        "NVARCHAR",
        "ON",
        "OR",
    ),
    *("SELECT", "THEN", "WHEN", "WHERE"),
}
"""Words that may stand before a bracket."""
_TYPES = {"BIGINT", "FLOAT", "NVARCHAR", "DATETIME", "BIT", "MAX"}
_TABLES = {"CREATE", "TABLE"}
_CLAUSES = {
    *("WITH", "AS", "SELECT", "INTO", "FROM", "TIMESTAMP", "BY", "WHERE", "GROUP BY", "HAVING", "SYSTEM"),
}
_JOINS = {"LEFT", "INNER", "OUTER", "JOIN", "ON"}
_WORDS = {
    *("AND", "OR", "NOT", "IS", "NULL", "IN", "BETWEEN", "CASE", "WHEN", "THEN", "ELSE", "END", "DISTINCT"),
}
_NAMED = {"DAY", "HOUR", "MINUTE", "SECOND", "OUTPUT"}
"""Words of T-SQL that are names here; OUTPUT is what an output is called without INTO."""
KEYWORDS = _CLAUSES | _TABLES | _JOINS | _WORDS | _TYPES | _NAMED
_SYMBOLS = {"(", ")", ",", ".", ";", "*", "+", "-", "=", "<>", "!=", "<", ">", "<=", ">="}
_REFUSED = {
    *("APPLY", "MATCH_RECOGNIZE", "OVER", "LIMIT", "TOP", "UDF", "UNION", "ORDER", "PARTITION"),
}
"""Words that sqlglot may take for names."""
_KNOWN = KEYWORDS | FUNCTIONS.keys() | _SYMBOLS
_NAMES = {TokenType.VAR, TokenType.IDENTIFIER, TokenType.STRING, TokenType.NATIONAL_STRING, TokenType.NUMBER}


def check(tokens: Sequence[Token], text: str) -> None:
    """Refuse the first word of a query that is not run here.

    :raises QueryRefused: with the word and its place
    """
    for token, after in zip(tokens, [*tokens[1:], None], strict=False):
        word = token.text.upper()
        calls = after is not None and after.token_type is TokenType.L_PAREN
        if calls and not _is_called(token, tokens):
            raise refused(f"the function {token.text} is not run here", text, token.start)
        if token.token_type not in _NAMES and not calls and word not in _KNOWN:
            hint = f"; if it is a name, write [{token.text}]" if word[0].isalpha() else ""
            raise refused(f"{token.text} is not run here{hint}", text, token.start)
        if token.token_type is TokenType.VAR and word in _REFUSED:
            raise refused(f"{token.text} is not run here", text, token.start)


def _is_called(token: Token, tokens: Iterable[Token]) -> bool:
    word = token.text.upper()
    if token.token_type in {TokenType.STRING, TokenType.NUMBER, TokenType.IDENTIFIER}:
        return False
    if word == "TIMESTAMP":
        return _follows_system(token, tokens)
    if token.token_type is TokenType.VAR:
        return word in FUNCTIONS.keys() | WINDOWS | _WINDOW_PARTS or _is_table(token, tokens)
    known = FUNCTIONS.keys() | WINDOWS | _WINDOW_PARTS | _NOT_FUNCTIONS
    return word in known or not word[0].isalpha()


def _is_table(token: Token, tokens: Iterable[Token]) -> bool:
    """Whether a word before a bracket is the name in ``CREATE TABLE name (``."""
    before = [other.text.upper() for other in tokens if other.start < token.start]
    return before[-2:] == ["CREATE", "TABLE"]


def _follows_system(token: Token, tokens: Iterable[Token]) -> bool:
    before = [other.text.upper() for other in tokens if other.start < token.start]
    return before[-2:] == ["SYSTEM", "."]


def refused(problem: str, text: str, start: int) -> QueryRefused:
    """Make the error for a place in the text, counted in characters from 0."""
    line = text.count("\n", 0, start) + 1
    return QueryRefused(problem, line, start - text.rfind("\n", 0, start))
