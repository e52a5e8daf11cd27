"""The lab on the command line: ``check``, ``eval``, ``simulate``, ``search``.

Exit codes: 0 for success, 1 for warnings with ``check --strict`` and evaluations that fail, 2 for what
cannot be used: options, files, formulas with errors.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from azure_batch_lab.commands import check, evaluate, search, simulate
from azure_batch_lab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

BAD_INPUT = 2


def parser() -> argparse.ArgumentParser:
    """Describe the options."""
    description = "Review, evaluate and simulate Azure Batch autoscale formulas."
    parser = argparse.ArgumentParser(prog="python -m azure_batch_lab", description=description)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (check, evaluate, simulate, search):
        command.add(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked; return the exit code."""
    options = parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except BadInput as problem:
        sys.stderr.write(f"azure_batch_lab: {problem}\n")
        return BAD_INPUT
    return code


if __name__ == "__main__":
    sys.exit(main())
