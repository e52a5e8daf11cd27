"""Pages of Airflow's web server that show what a task instance is about."""
