"""What a reviewer warns of: a code for each, and the line of why."""

from __future__ import annotations

from datetime import timedelta

from azure_batch_emulator.autoscale.samples import LAG, PERIOD

NO_LAG = timedelta()
"""The one end of the range: what holds here holds however late samples are, as lateness only takes away."""

RELIABLE_WINDOW = timedelta(minutes=5)
"""Shorter windows may lose too much to the lag: three minutes hold four of six samples if it is a minute."""

LATE = f"{LAG.seconds} s"
"""The other end of the range that is looked at; on the service it can be later still."""
_EVERY = f"{PERIOD.seconds} s"

WHY = {
    "active-only": (
        "$ActiveTasks counts what waits and not what runs: once the last task has begun, the pool is told to "
        "shrink; $PendingTasks counts both"
    ),
    "bare-metric": (
        "no official text says what a task variable is without GetSample; the newest sample is only likely"
    ),
    "constant-condition": ("one branch never counts, whatever the samples and however late they come"),
    "fractional-target": (
        "a fraction is cut off, so that 0.9 of a node is none; (x + slots - 1) / slots rounds up"
    ),
    "kills-tasks": (
        "with requeue or terminate a node that leaves ends what runs on it; taskcompletion waits for it"
    ),
    "late-samples": (
        f"samples come at once, {LATE} late, or later, and the answer is another one: a longer window, or "
        f"one that ends {LATE} ago, depends on it less"
    ),
    "least-of-window": (
        "one sample without tasks makes it nothing, and new tasks count only when they were there all the "
        "time: take max() or avg() of the samples, and min() of that and a bound"
    ),
    "look-alike": "names are case-sensitive: whoever reads it takes it for the service's",
    "missing-samples": (
        "a new pool has none: the evaluation fails, or there seems to be no load, or min(9, ...) is 9. Ask "
        "GetSamplePercent first, or let the newest sample not stand alone: max(0, $PendingTasks.GetSample(1))"
    ),
    "never-read": "what nothing reads is often a misspelt name, or a bound that was forgotten",
    "no-percentage": (
        "the service was seen to want 70 % of a window that names nothing, and to leave the pool as it is"
    ),
    "no-target": "a formula that sets no target leaves the pool at the size it has",
    "no-upper-bound": "a flood of tasks, or a loop that adds them, buys nodes up to the quota",
    "old-name": "the service's table of variables no longer lists it, though examples with its results do",
    "retained-data": (
        "deprecated, and gone from requests of API version 2026-08-01: upload what has to last, and let "
        "taskcompletion wait for tasks"
    ),
    "short-window": (
        f"samples come every {_EVERY}, at once, {LATE} late, or later: that takes much of a short window"
    ),
    "sunday": (
        "the documentation gives the number of Monday only, 1; here Sunday is 0. Let both answers be the "
        "same: weekday >= 1 && weekday <= 5, or weekday == 0 || weekday >= 6"
    ),
    "unattainable-percentage": (
        "no window of this kind is ever that full: the evaluation always fails, and the pool stays as it is"
    ),
    "undocumented-function": "no table of the service lists it; try the formula on a real account first",
    "unreachable": "stop() ends the formula",
}
"""By code."""
