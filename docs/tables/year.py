"""Tables of a year of hourly runs."""

from __future__ import annotations

from bench_results import results_of, table_of

_STATES = {"new": "new", "full": "after a year", "kept": "cleaned, 90 days"}


def year_table() -> str:
    """Return what the database holds and how long each page takes, new, after a year, and cleaned."""
    found = results_of("year")
    states = [found[name] for name in _STATES]
    rows = {
        "DAG runs": [f"{state['dag_runs']:,}" for state in states],
        "Airflow's database": [f"{state['database_mb']:,.0f} MB" for state in states],
    }
    largest = list(found["full"]["tables_mb"])[:4]
    rows |= {
        f"of it `{name}`": [f"{state['tables_mb'][name]:,.0f} MB" for state in states] for name in largest
    }
    rows |= {page: [f"{state['pages'][page]:.2f} s" for state in states] for page in found["full"]["pages"]}
    return table_of(list(_STATES.values()), rows)


def year_line() -> str:
    """Say what the year has left in Blob Storage, and how long the cleaning takes."""
    found = results_of("year")
    blobs = found["blobs"]
    kept = 24 * 90 * blobs["of_a_run"]
    size, of_a_run = 24 * 90 * blobs["kb_of_a_run"] / 1e3, f"{blobs['kb_of_a_run']:.0f} kB in all"
    return (
        f"A run of {found['sensors']} sensors leaves {blobs['of_a_run']} blobs, {of_a_run}, "
        f"in `runs` and `logs`, so 90 days of them are {kept:,} blobs with {size:.0f} MB. The records of "
        f"{blobs['records']:,} hours take {blobs['mb_of_records']:.1f} MB, the alert history "
        f"{blobs['kb_of_alert_history']:.1f} kB after {blobs['alerts']} alerts. `airflow db clean` took "
        f"{found['clean_seconds']:.0f} s."
    )
