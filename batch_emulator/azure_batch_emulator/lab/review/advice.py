"""What a reviewer warns of: a code for each, and the line of why."""

from __future__ import annotations

from datetime import timedelta

from azure_batch_emulator.autoscale.samples import LAG, PERIOD

RELIABLE_WINDOW = timedelta(minutes=5)
"""Shorter windows lose too much to the lag: three minutes hold at most four of six samples."""

_EVERY, _LATE = f"{PERIOD.seconds} s", f"{LAG.seconds} s"

WHY = {
    "bare-metric": (
        "no official text says what a task variable is without GetSample; the newest sample is only likely"
    ),
    "constant-condition": (
        "one branch never counts; often a percentage is out of reach of its window, as samples come late"
    ),
    "fractional-target": (
        "a fraction is cut off, so that 0.9 of a node is none; (x + slots - 1) / slots rounds up"
    ),
    "kills-tasks": (
        "with requeue or terminate a node that leaves ends what runs on it; taskcompletion waits for it"
    ),
    "missing-samples": (
        "a new pool has none: the evaluation fails, or there seems to be no load. Ask GetSamplePercent "
        "first, or let the newest sample not stand alone: max(0, $PendingTasks.GetSample(1))"
    ),
    "never-read": "what nothing reads is often a misspelt name, or a bound that was forgotten",
    "no-percentage": (
        "the service was seen to want 70 % of a window that names nothing, and to leave the pool as it is"
    ),
    "no-target": "a formula that sets no target leaves the pool at the size it has",
    "no-upper-bound": "a flood of tasks, or a loop that adds them, buys nodes up to the quota",
    "short-window": (
        f"samples come every {_EVERY} and about {_LATE} late, or later: a short window is never full"
    ),
    "unattainable-percentage": (
        f"samples come about {_LATE} late: a window up to now is never full, and the evaluation always fails"
    ),
    "undocumented-function": "no table of the service lists it; try the formula on a real account first",
    "unreachable": "stop() ends the formula",
}
"""By code."""
