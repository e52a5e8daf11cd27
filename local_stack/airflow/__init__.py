"""A local Airflow: one DAG run in the foreground, or its four standing processes and a client of its API."""
