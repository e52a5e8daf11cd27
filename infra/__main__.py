"""``python -m infra plan|deploy|destroy``: wraps ``az``."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from infra.commands import SIZES, deploy, destroy, plan
from infra.errors import InfraError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(words: Sequence[str]) -> int:
    """Run a command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (("plan", "show what would change"), ("deploy", "show it, ask, and deploy")):
        command = commands.add_parser(name, help=what)
        command.add_argument("--group", required=True, help="resource group, which exists")
        command.add_argument("--size", default=SIZES[0], help=f"sensors of the fleet: {', '.join(SIZES)}")
    command = commands.add_parser(
        "destroy", help="name what would be deleted, ask, and delete the resource group"
    )
    command.add_argument("--group", required=True, help="resource group")
    arguments = parser.parse_args(words)
    try:
        if arguments.command == "destroy":
            destroy(arguments.group)
        else:
            (plan if arguments.command == "plan" else deploy)(arguments.group, arguments.size)
    except InfraError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
