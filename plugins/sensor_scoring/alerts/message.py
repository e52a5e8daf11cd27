"""The message about a run. Pure: ``history.py`` decides what is news, ``delivery.py`` sends it."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from scoring_contract.sensor_names import display_of
from sensor_scoring.alerts.conditions import Kind
from sensor_scoring.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sensor_scoring.alerts.conditions import Condition, Lasting, News, Place

REPAIR = (
    "To repair, unless a cause above says otherwise: open the run, then the task 'score', tick its failed "
    "instances and clear them; summary, alert and verdict follow by themselves."
)
"""The repair for failed sensors; ``docs/runbook.md`` shows it."""
_NAMED = 20
"""Names of a kind, or causes, that a message spells out."""

_BEGUN = {
    Kind.SILENT: "Silent (no readings)",
    Kind.UNMODELLED: "No model yet",
    Kind.PACK: "Packs with readings and no sensor in the registry",
}
_ENDED = {
    Kind.STEP: "Steps that recovered",
    Kind.FAILED: "Scored again",
    Kind.SILENT: "Sending again",
    Kind.STUCK: "Stuck no longer",
}
_SENTENCES = {Kind.LATE: "Late", Kind.POOL: "Pool", Kind.STUCK: "Stuck", Kind.UNCLAIMED: "Unclaimed readings"}
_LATE, _UNCLAIMED = "late", "unclaimed readings"
_OF_SENSORS = frozenset({Kind.FAILED, Kind.SILENT, Kind.UNMODELLED, Kind.SPIKE})
_UNCOUNTED = frozenset({_LATE, _UNCLAIMED})
_COUNTED = {
    Kind.LATE: _LATE,
    Kind.POOL: "pool trouble",
    Kind.STUCK: "stuck",
    Kind.STEP: "step failed",
    Kind.FAILED: "failed",
    Kind.SILENT: "silent",
    Kind.UNMODELLED: "without a model",
    Kind.PACK: "unknown pack",
    Kind.UNCLAIMED: _UNCLAIMED,
    Kind.SPIKE: "with an anomaly spike",
}


def message_of(
    lead: str, news: News, places: Sequence[str], *, note: str = "", spikes_named: int = _NAMED
) -> str:
    """Return the alert about a run; empty if there is no news.

    :param lead: begins the first line: colour and hour of the run
    :param places: lines that say where to look
    :param note: ends the first line
    :param spikes_named: sensors with an anomaly spike that are named, those with the highest
    """
    if not news:
        return ""
    lines = [f"{lead}: {', '.join(filter(None, (_headline(news), note)))}"]
    for kind, title in _SENTENCES.items():
        lines += [f"{title}: {found.cause}" for found in news.begun if found.kind is kind]
    lines += _steps([found for found in news.begun if found.kind is Kind.STEP])
    lines += _failures([found for found in news.begun if found.kind is Kind.FAILED])
    for kind, title in _BEGUN.items():
        lines += _listed(title, [_shown(found) for found in news.begun if found.kind is kind])
    lines += _spikes([found for found in news.begun if found.kind is Kind.SPIKE], spikes_named)
    for kind, title in _ENDED.items():
        lines += _listed(title, _since(news, kind))
    lines += [f"Cure: {cure}" for cure in news.cures]
    if news.lasting:
        lines.append(f"Reported before: {_counts(found.kind for found in news.lasting)}")
    lines += places
    if any(found.kind is Kind.FAILED for found in news.begun):
        lines.append(REPAIR)
    return "\n".join(lines)


def _headline(news: News) -> str:
    begun = _counts(found.kind for found in news.begun)
    cured = f"{len(news.cures)} cure{'s' if len(news.cures) > 1 else ''}" if news.cures else ""
    recovered = f"{len(news.ended)} recovered" if news.ended else ""
    return ", ".join(filter(None, (begun, cured, recovered)))


def _counts(kinds: Iterable[Kind]) -> str:
    counted = Counter(kinds)
    counts = {words: counted[kind] for kind, words in _COUNTED.items() if counted[kind]}
    return ", ".join(words if words in _UNCOUNTED else f"{count} {words}" for words, count in counts.items())


def _steps(failed: Sequence[Condition]) -> Iterator[str]:
    """Name each step with its reason: there are few, and a run goes no further than the first."""
    for found in failed:
        yield (
            f"Step failed: {found.name}: {found.cause}"
            if found.cause
            else (f"Step failed: {found.name}; see its log")
        )


def _failures(failed: Sequence[Condition]) -> Iterator[str]:
    """Name the sensors of each cause, for one cause often fails many."""
    by_cause: dict[str, list[Condition]] = defaultdict(list)
    for found in failed:
        by_cause[found.key].append(found)
    for group in list(by_cause.values())[:_NAMED]:
        yield f"Failed: {listed([_shown(found) for found in group], most=_NAMED)}: {group[0].cause}"
    rest = [found for group in list(by_cause.values())[_NAMED:] for found in group]
    if rest:
        yield f"Failed: and {len(rest)} more for other causes, see the summary"


def _spikes(spiking: Sequence[Condition], named: int) -> Iterator[str]:
    yield from (f"Anomaly spike: {_shown(found)}: {found.cause}" for found in spiking[:named])
    if len(spiking) > named:
        yield f"Anomaly spikes: and {len(spiking) - named} more, see the summary"


def _since(news: News, kind: Kind) -> list[str]:
    return [_was(place, lasting) for place, lasting in news.ended.items() if place[0] is kind]


def _was(place: Place, lasting: Lasting) -> str:
    return f"{_name_at(place)} (since {lasting.first})"


def _shown(found: Condition) -> str:
    return _name_at(found.place)


def _name_at(place: Place) -> str:
    """Return what people read as the name of a sensor, or the name itself of anything else."""
    kind, name = place
    return display_of(name) if kind in _OF_SENSORS else name


def _listed(title: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"{title}: {listed(names, most=_NAMED)}"
