"""Scores the sensors of one manifest; threads overlap reading, predicting and writing.

A thread holds one unit at a time (sensors that share files), or a chunk of sensors that share none, so memory
does not grow with the number of sensors. A failing sensor is reported and affects no other. The report is
written last: it marks completion.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from scorer.errors import BlobMissing, OrderFault
from scorer.scoring.pipeline import ScoringPipeline
from scorer.scoring.stages import StageTimes
from scorer.scoring.units import chunks_of, units_of
from scorer.storage import open_container
from scoring_contract.layout import Container
from scoring_contract.messages.invocation import ExitCode
from scoring_contract.messages.manifest import Manifest
from scoring_contract.messages.report import Report, SensorReport, SensorState
from scoring_contract.planned_at import planned_at
from scoring_contract.sensor_names import display_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scorer.console import Console
    from scorer.scoring.pipeline import UnitOutcome
    from scorer.storage import BlobContainer
    from scoring_contract.messages.invocation import ScoreInvocation

THREADS = 16
"""Chunks of sensors in progress at once. They mostly wait for storage; more threads gained little."""
PACK_THREADS = 3
"""Units of many sensors in progress at once: one is fetched, one computed, one written."""


def score(
    invocation: ScoreInvocation, environ: Mapping[str, str], *, console: Console, started: float
) -> ExitCode:
    """Score the sensors of a manifest and write the report.

    :param started: when the process started, ``time.monotonic()`` in seconds
    :return: SUCCESS, or the code of the failures: :meth:`scoring_contract.messages.invocation.ExitCode.of`
    :raises ContractError: if the manifest or the environment breaks the contract
    :raises OrderFault: if there is no manifest, or it asks for something impossible
    :raises StorageFault: if the manifest cannot be read or the report cannot be written
    """
    times = StageTimes(started)
    started_at = datetime.now(UTC) - timedelta(seconds=times.elapsed)
    with times.timed("prepare", start=0.0):
        runs = open_container(Container.RUNS, environ)
        manifest = _manifest(runs, invocation.manifest)
        scoring = ScoringPipeline.open(environ, manifest, invocation.manifest, console, times=times)
    outcomes: dict[str, SensorReport] = {}
    noticed: Counter[str] = Counter()
    for outcome in _outcomes(scoring):
        noticed.update(outcome.noticed)
        for sensor in outcome.sensors:
            _announce(sensor, console)
            outcomes[sensor.sensor] = sensor
    report = Report(
        hour=manifest.hour,
        run=manifest.run,
        group=manifest.group,
        manifest=invocation.manifest,
        planned_at=manifest.planned_at,
        seconds=times.elapsed,
        sensors=tuple(outcomes[order.sensor] for order in manifest.sensors),
        noticed=noticed,
        traceparent=manifest.traceparent,
        started_at=planned_at(started_at),
        stages=times.stages(),
    )
    runs.write(invocation.report, report.to_json().encode(), content_type="application/json")
    console.tell(_total(report))
    return ExitCode.of(report.sensors)


def _manifest(runs: BlobContainer, blob: str) -> Manifest:
    try:
        manifest = Manifest.from_json(runs.read(blob))
    except BlobMissing as error:
        raise OrderFault(f"there is no manifest {error.blob}") from error
    # Both become metadata of the predictions, and obstore panics on characters that headers cannot carry.
    if not all(text.isascii() and text.isprintable() for text in (blob, manifest.planned_at)):
        raise OrderFault("the manifest's name and planned_at must be printable ASCII, as all blob metadata")
    return manifest


def _outcomes(scoring: ScoringPipeline) -> Iterator[UnitOutcome]:
    """Score all units; yield their outcomes in the order of the manifest."""
    units = units_of(scoring.manifest.sensors)
    if len(units) == 1:
        yield from scoring.outcomes_of(units)
        return
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # a fifteenth of scoring one sensor

    are_alone = len(units) == len(scoring.manifest.sensors)
    threads = THREADS if are_alone else PACK_THREADS
    chunks = chunks_of(units, threads=threads) if are_alone else [[unit] for unit in units]
    with ThreadPoolExecutor(threads, thread_name_prefix="unit") as pool:
        for outcomes in pool.map(scoring.outcomes_of, chunks):
            yield from outcomes


def _announce(outcome: SensorReport, console: Console) -> None:
    name = display_of(outcome.sensor)
    match outcome.state:
        case SensorState.SCORED:
            counts = f"{outcome.readings} readings, {outcome.anomalies} anomalies"
            rejected = f", {outcome.rejected} rows rejected" if outcome.rejected else ""
            note = f" ({outcome.reason})" if outcome.reason else ""
            console.tell(f"{name} scored: {counts}{rejected}, {outcome.seconds:.3f} s{note}")
        case SensorState.SKIPPED:
            console.tell(f"{name} skipped: {outcome.reason}")
        case SensorState.FAILED:
            console.tell(f"{name} failed ({outcome.cause})")
            console.complain(f"{name}: {outcome.reason}")


def _total(report: Report) -> str:
    states = Counter(sensor.state for sensor in report.sensors)
    parts = ", ".join(f"{states[state]} {state}" for state in SensorState)
    readings = sum(sensor.readings for sensor in report.sensors)
    anomalies = sum(sensor.anomalies for sensor in report.sensors)
    return f"{report.hour}: {parts}; {readings} readings, {anomalies} anomalies, {report.seconds:.2f} s"
