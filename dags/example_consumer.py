"""Process every scored hour: runs once for each, as soon as its verdict is good.

Copy this file to deliver predictions to where people want them.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG, get_current_context, task

from sensor_scoring.hourly.assets import SCORED_HOUR


@task
def report() -> list[str]:
    """Print the hours that this run is about, and return them."""
    assets = get_current_context()["triggering_asset_events"]
    hours = [event.extra for events in assets.values() for event in events]
    for hour in hours:
        print(f"{hour['hour']}: {hour['counts']}; reports and summary in {hour['run']}/")  # noqa: T201  an example
    return [hour["hour"] for hour in hours]


with DAG(
    "example_consumer",
    description=__doc__.partition("\n")[0],
    schedule=[SCORED_HOUR],
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    catchup=False,
    doc_md=__doc__,
    tags=["example"],
) as dag:
    report()
