"""Part of the page about Azure: who may do what, and which code needs it."""

from __future__ import annotations

from infra.check.roles import Need, needs


def roles_table() -> str:
    """Return a row for each role assignment of the templates."""
    rows = [
        f"| {_holder(need)} | *{need.grant.role}* | {need.grant.where} | {need.does} "
        f"| {'<br>'.join(map(_shown, need.code))} |"
        for need in needs()
    ]
    return "\n".join(("| who | role | on | to | needed by |", "|---|---|---|---|---|", *rows))


def _holder(need: Need) -> str:
    return f"{need.grant.who}, {need.when}" if need.when else need.grant.who


def _shown(code: str) -> str:
    file, _, name = code.partition(": ")
    return f"[`{name or file.rpartition('/')[2]}`](../{file})"
