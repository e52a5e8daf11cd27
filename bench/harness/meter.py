"""Runs a command and prints its cost as JSON: ``python -I bench/harness/meter.py COMMAND ...``.

It is a separate, small process, because a child's peak memory includes the time before its ``exec``: started
by a larger process, the command would seem as large.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

started = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=sys.stderr)
_, status, usage = os.wait4(child.pid, 0)
facts = {
    "code": os.waitstatus_to_exitcode(status),
    "cpu_ms": (usage.ru_utime + usage.ru_stime) * 1000,
    "wall_ms": (time.perf_counter() - started) * 1000,
    "peak_mib": usage.ru_maxrss / 1024,
}
sys.stdout.write(json.dumps(facts) + "\n")
