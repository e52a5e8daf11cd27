"""Tables of the fleet page."""

from __future__ import annotations

from typing import Any

from bench_results import results_of, table_of

_OPENED = {
    "page_of_a_new_server": "the page, of a server that has answered nothing yet",
    "page_of_a_new_hour": "the page, of one that has answered nothing since an hour's alert",
    "page": "the page, of one that has answered before",
    "page_again": "the page, by a browser that has all of it",
}
_ROUTES = {
    "shell": "`GET /fleet`",
    "hours": "`GET /hours`",
    "record": "`GET /hours/{hour}`",
    "sensors": "`GET /sensors`",
    "sensors_again": "`GET /sensors`, unchanged",
}


def fleet_table() -> str:
    """Return a row for the page and for each of its routes, and a column for each fleet."""
    fleets = results_of("fleet_page")["fleets"]
    rows = {what: [_opened(each[name]) for each in fleets.values()] for name, what in _OPENED.items()}
    rows |= {what: [_asked(each[name]) for each in fleets.values()] for name, what in _ROUTES.items()}
    rows["the record, in the step `summarise`"] = [f"{each['record_ms']} ms" for each in fleets.values()]
    return table_of([f"{int(sensors):,} sensors" for sensors in fleets], rows)


def drawn_table() -> str:
    """Return what a browser takes to draw the map and to scroll it, a column for each fleet."""
    fleets = results_of("fleet_browser")
    rows = {
        "drawn, by a browser that has nothing": [_drawn(each["new"]) for each in fleets.values()],
        "drawn, by one that has all of it": [_drawn(each["again"]) for each in fleets.values()],
        "a frame while it scrolls, median": [_frame(each, "frame_ms") for each in fleets.values()],
        "99 % of the frames take no longer than": [_frame(each, "frame_ms_p99") for each in fleets.values()],
        "the longest frame": [_frame(each, "longest_frame_ms") for each in fleets.values()],
    }
    return table_of([f"{int(sensors):,} sensors" for sensors in fleets], rows)


def plugin_line() -> str:
    """Say what the plugin costs every process of Airflow when it starts."""
    return f"The plugin costs each process {results_of('fleet_page')['plugin_ms']} ms of CPU when it starts."


def _opened(cost: dict[str, Any]) -> str:
    return (
        f"{cost['cpu_seconds']:.2f} s CPU, {cost['seconds']:.2f} s, {cost['requests']} requests, "
        f"{_size(cost['bytes'])}"
    )


def _drawn(opened: dict[str, Any]) -> str:
    return f"{opened['drawn_ms'] / 1e3:.2f} s, {_size(opened['bytes'])}"


def _frame(found: dict[str, Any], name: str) -> str:
    return f"{found[name]} ms" if name in found else "no scrolling"


def _asked(cost: dict[str, Any]) -> str:
    milliseconds = (f"{cost[name] * 1e3:.0f} ms" for name in ("cpu_seconds", "seconds"))
    return "{} CPU, {}, ".format(*milliseconds) + _size(cost["bytes"])


def _size(count: int) -> str:
    return f"{count / 1000:,.1f} kB"
