"""Reads ``job.json``: the properties of ``Microsoft.StreamAnalytics/streamingjobs``, as they are deployed.

https://learn.microsoft.com/azure/templates/microsoft.streamanalytics/streamingjobs

Whatever names an account or an identity is for Azure alone. A property that this runner does not know is
refused: it might change results.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ingest.stream_analytics.definition.path_pattern import PathPattern
from ingest.stream_analytics.definition.serialization import Format, Serialization
from ingest.stream_analytics.errors import JobRefused
from ingest.stream_analytics.event_ordering.timeline import EventOrdering
from ingest.stream_analytics.ticks import TICKS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Mapping

_JOB = {
    *(
        "sku",
        "compatibilityLevel",
        "dataLocale",
        "eventsOutOfOrderPolicy",
        "eventsOutOfOrderMaxDelayInSeconds",
    ),
    *("eventsLateArrivalMaxDelayInSeconds", "outputErrorPolicy", "inputs", "outputs", "transformation"),
}
_BLOB = {"storageAccounts", "container", "pathPattern", "dateFormat", "timeFormat", "authenticationMode"}
_HUB = {"serviceBusNamespace", "eventHubName", "consumerGroupName", "authenticationMode"}
_LATEST = 1_814_399
_DISORDER = 599
"""Limits in seconds: https://learn.microsoft.com/azure/stream-analytics/job-config-json and
https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/stream_analytics_job"""
_CLOCK = re.compile(r"(\d\d):(\d\d):(\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stream:
    """An input with events, from an event hub.

    :param consumer_group: as in the file, perhaps a template's parameter
    """

    name: str
    consumer_group: str


@dataclass(frozen=True, slots=True)
class Reference:
    """An input with reference data: a CSV file that is read when the job starts.

    :param blob: its one path, without ``{date}`` and ``{time}``
    """

    name: str
    container: str
    blob: str
    delimiter: str


@dataclass(frozen=True, slots=True)
class Output:
    """An output to Blob Storage.

    :param rows: rows that make a batch
    :param wait: how long a smaller batch waits
    """

    name: str
    container: str
    path: PathPattern
    serialization: Serialization
    rows: int
    wait: timedelta


@dataclass(frozen=True, slots=True)
class Job:
    """A job beside its query.

    :param drops_output: whether rows that cannot be written are dropped; else the job stops
    """

    ordering: EventOrdering
    drops_output: bool
    streams: tuple[Stream, ...]
    references: tuple[Reference, ...]
    outputs: tuple[Output, ...]


def read_job(text: str) -> Job:
    """Read a job.

    :raises JobRefused: for what is not run here, or is wrong
    """
    try:
        job = json.loads(text)
        _only(job, _JOB, "the job")
        _is(job.get("compatibilityLevel"), {"1.2"}, "compatibilityLevel")
        _is(job.get("dataLocale", "en-US"), {"en-US"}, "dataLocale")
        inputs = [(item["name"], item["properties"]) for item in job["inputs"]]
        return Job(
            _ordering(job),
            _is(job.get("outputErrorPolicy", "Stop"), {"Stop", "Drop"}, "outputErrorPolicy") == "Drop",
            tuple(_stream(name, found) for name, found in inputs if found["type"] == "Stream"),
            tuple(_reference(name, found) for name, found in inputs if found["type"] == "Reference"),
            tuple(_output(item["name"], item["properties"]) for item in job["outputs"]),
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise JobRefused(f"the job is not described: {error}") from error
    except KeyError as error:
        raise JobRefused(f"the job lacks {error}") from error


def _ordering(job: Mapping[str, Any]) -> EventOrdering:
    late = job.get("eventsLateArrivalMaxDelayInSeconds", -1)
    disorder = job.get("eventsOutOfOrderMaxDelayInSeconds", 0)
    if not isinstance(late, int) or not -1 <= late <= _LATEST:
        raise JobRefused(f"eventsLateArrivalMaxDelayInSeconds is -1 to {_LATEST}, not {late!r}")
    if not isinstance(disorder, int) or not 0 <= disorder <= _DISORDER:
        raise JobRefused(f"eventsOutOfOrderMaxDelayInSeconds is 0 to {_DISORDER}, not {disorder!r}")
    policy = _is(job.get("eventsOutOfOrderPolicy", "Adjust"), {"Adjust", "Drop"}, "eventsOutOfOrderPolicy")
    return EventOrdering(
        disorder * TICKS_PER_SECOND, None if late < 0 else late * TICKS_PER_SECOND, drop=policy == "Drop"
    )


def _stream(name: str, found: Mapping[str, Any]) -> Stream:
    _only(found, {"type", "datasource", "serialization"}, name)
    source = _source(name, found, {"Microsoft.EventHub/EventHub", "Microsoft.ServiceBus/EventHub"}, _HUB)
    _is(found["serialization"]["type"], {"Json"}, f"serialization of {name}")
    return Stream(name, source.get("consumerGroupName", "$Default"))


def _reference(name: str, found: Mapping[str, Any]) -> Reference:
    _only(found, {"type", "datasource", "serialization"}, name)
    source = _source(name, found, {"Microsoft.Storage/Blob"}, _BLOB)
    serialization = _serialization(name, found)
    if serialization.format is not Format.CSV or "{" in source["pathPattern"]:
        raise JobRefused(
            f"reference data {name} is one CSV file here, whose path has no {{date}} and {{time}}"
        )
    return Reference(name, source["container"], source["pathPattern"], serialization.delimiter)


def _output(name: str, found: Mapping[str, Any]) -> Output:
    _only(found, {"datasource", "timeWindow", "sizeWindow", "serialization"}, name)
    source = _source(name, found, {"Microsoft.Storage/Blob"}, _BLOB)
    clock = _CLOCK.fullmatch(found.get("timeWindow", "00:01:00"))
    if clock is None:
        raise JobRefused(f"timeWindow of {name} is like 00:01:00")
    hours, minutes, seconds = map(int, clock.groups())
    return Output(
        name,
        source["container"],
        PathPattern.read(
            source.get("pathPattern", ""),
            source.get("dateFormat", "yyyy/MM/dd"),
            source.get("timeFormat", "HH"),
        ),
        _serialization(name, found),
        int(found.get("sizeWindow", 2000)),
        timedelta(hours=hours, minutes=minutes, seconds=seconds),
    )


def _source(name: str, found: Mapping[str, Any], kinds: set[str], known: set[str]) -> Mapping[str, Any]:
    source = found["datasource"]
    _only(source, {"type", "properties"}, f"datasource of {name}")
    _is(source["type"], kinds, f"datasource of {name}")
    _only(source["properties"], known, f"datasource of {name}")
    properties: Mapping[str, Any] = source["properties"]
    return properties


def _serialization(name: str, found: Mapping[str, Any]) -> Serialization:
    described = found["serialization"]
    properties = described.get("properties", {})
    _only(properties, {"encoding", "format", "fieldDelimiter"}, f"serialization of {name}")
    _is(properties.get("encoding", "UTF8"), {"UTF8"}, f"encoding of {name}")
    kind = _is(described["type"], {"Json", "Csv", "Parquet"}, f"serialization of {name}")
    if kind == "Json":
        _is(properties.get("format", "LineSeparated"), {"LineSeparated"}, f"format of {name}")
    delimiter = _is(
        properties.get("fieldDelimiter", ","), {",", ";", " ", "\t", "|"}, f"fieldDelimiter of {name}"
    )
    return Serialization(Format(kind.lower()), delimiter)


def _only(found: Mapping[str, Any], known: set[str], what: str) -> None:
    if odd := sorted(found.keys() - known):
        raise JobRefused(f"{what} has {', '.join(odd)}, which is not run here")


def _is(found: Any, allowed: set[str], what: str) -> str:
    if found not in allowed:
        raise JobRefused(f"{what} is {found!r}: run here are {', '.join(map(repr, sorted(allowed)))}")
    return str(found)
