"""Tables of the way from devices to files."""

from __future__ import annotations

from bench_results import results_of, table_of

_PARTS = {"devices": "ingest simulate", "event hub": "Event Hubs", "job": "ingest stream"}


def ingest_table() -> str:
    """Return a column for each fleet of ``make bench-ingest``."""
    ways = results_of("ingest")
    rows = {
        "events that the devices know to be in the hub": [f"{way['acknowledged']:,}" for way in ways],
        "different events in the hub": [f"{way['in_hub']:,}" for way in ways],
        "events that are there twice, after a kill": [f"{way['again']:,}" for way in ways],
        "averaged": [f"{way['averaged']:,}" for way in ways],
        "of minutes that are not over": [f"{way['open']:,}" for way in ways],
        "dropped": [_dropped(way["dropped"]) for way in ways],
        "unaccounted for": [f"{way['unaccounted']:,}" for way in ways],
        "averages in the files": [f"{way['minutes']:,}" for way in ways],
        "written twice, after a kill": [f"{way['written_again']:,}" for way in ways],
        "missing, or not an average of their events": [f"{way['missing'] + way['wrong']:,}" for way in ways],
        "seconds, all in all": [f"{way['seconds']:,.0f}" for way in ways],
        "events a second": [f"{way['in_hub'] / way['seconds']:,.0f}" for way in ways],
        "averages a second": [f"{way['minutes'] / way['seconds']:,.0f}" for way in ways],
        **{
            f"MB of memory, {name}, in each third of the time": [
                _thirds(way["memory_mb"][part]) for way in ways
            ]
            for name, part in _PARTS.items()
        },
    }
    return table_of([_fleet(way["sensors"], way["per_pack"]) for way in ways], rows)


def devices_table() -> str:
    """Return what simulated devices send: into the local event hub, and into one that keeps nothing."""
    fleets = results_of("devices")
    rows = {
        "into the local Event Hubs": [f"{one['events_per_second']['kept']:,}" for one in fleets],
        "into a sink": [f"{one['events_per_second']['sink']:,}" for one in fleets],
    }
    return table_of([_fleet(one["sensors"], 0) for one in fleets], rows)


def windows_table() -> str:
    """Return what the job alone does, with events that cost nothing to receive."""
    one = results_of("windows")
    job_cpu = one["cpu"] - one["generator"]
    rows = {
        "events": f"{one['events']:,}",
        "averages written": f"{one['windows']:,}",
        "unaccounted for": f"{one['unaccounted']:,}",
        "events a second": f"{one['events'] / one['seconds']:,.0f}",
        "events a second of the job's CPU": f"{one['events'] / job_cpu:,.0f}",
        "averages a second": f"{one['windows'] / one['seconds']:,.0f}",
        "MB of memory, in each third of the time": _thirds(one["memory_mb"]),
    }
    heading = f"{_fleet(one['sensors'], 0)}, {one['minutes']} minutes, a reading a second"
    return table_of([heading], {name: [value] for name, value in rows.items()})


def loading_table() -> str:
    """Return what the loader does with one long file."""
    one = results_of("loading")
    rows = {
        "MB of the file": f"{one['file_mb']:,}",
        "readings in Blob Storage": f"{one['in_blobs']:,}",
        "rows refused, each with its line and reason": f"{one['refused']:,}",
        "rows that are neither": f"{one['rows'] - one['in_blobs'] - one['refused']:,}",
        "blobs": f"{one['blobs']:,}",
        "rows a second": f"{one['rows'] / one['seconds']:,.0f}",
        "rows a second of the loader's CPU": f"{one['rows'] / one['cpu']:,.0f}",
        "MB of memory, in each third of the time": _thirds(one["memory_mb"]),
    }
    heading = f"{one['rows']:,} rows of {one['sensors']:,} sensors"
    return table_of([heading], {name: [value] for name, value in rows.items()})


def _fleet(sensors: int, per_pack: int) -> str:
    return f"{sensors:,} sensors" + (f", packs of {per_pack}" if per_pack else "")


def _thirds(peaks: list[float]) -> str:
    return ", ".join(f"{peak:,.0f}" for peak in peaks)


def _dropped(reasons: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in reasons.items()) or "0"
